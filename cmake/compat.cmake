# A folder of links by the names of Mosquitto's programs, apart from everybody's PATH: whoever puts
# it first in a PATH of his own runs scripts for Mosquitto with Wax, and no package's file is touched.
set(WAX_COMPAT_DIR ${CMAKE_INSTALL_LIBEXECDIR}/wax/compat)
file(RELATIVE_PATH target /${WAX_COMPAT_DIR} /${CMAKE_INSTALL_BINDIR}/wax)
foreach(name mosquitto mosquitto_pub mosquitto_sub mosquitto_rr mosquitto_passwd)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/compat)
    file(CREATE_LINK ${target} ${PROJECT_BINARY_DIR}/compat/${name} SYMBOLIC)
    install(FILES ${PROJECT_BINARY_DIR}/compat/${name} DESTINATION ${WAX_COMPAT_DIR})
endforeach()

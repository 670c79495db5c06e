# What `cmake --install` puts in place: the tool `wax` with its manual pages, and libwax: one header,
# one library of the pure rooms that a client needs, and how CMake and pkg-config find them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(WAX_LIBRARY_ROOMS base wire transport session client micro)

if(TARGET wax)
    install(TARGETS wax RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    include(cmake/compat.cmake)
endif()
foreach(section 1 5)
    file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.${section})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# What a level costs on a device, for `wax bench advise --device`.
if(TARGET wax)
    install(FILES docs/levels-device.json DESTINATION ${CMAKE_INSTALL_DATADIR}/wax)
endif()

# The header joins the doors, so that who uses the library never sees the tree.
find_program(WAX_PYTHON python3)
if(NOT WAX_PYTHON)
    message(STATUS "libwax is not installed: joining its header takes python3")
    return()
endif()

set(doors "")
set(sources "")
foreach(room IN LISTS WAX_LIBRARY_ROOMS)
    list(APPEND sources ${WAX_${room}_SOURCES})
    file(GLOB door CONFIGURE_DEPENDS ${WAX_INCLUDE}/${room}/${room}.h)
    list(APPEND doors ${door})
endforeach()

set(joined ${PROJECT_BINARY_DIR}/amalgamation)
add_custom_command(
    OUTPUT ${joined}/wax.h
    COMMAND ${WAX_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/amalgamate.py --out ${joined}
    DEPENDS ${doors} ${PROJECT_SOURCE_DIR}/scripts/amalgamate.py
            ${PROJECT_SOURCE_DIR}/scripts/tidy.py
    VERBATIM)

# Compiled apart from the rooms: what is installed must link with any compiler, hence without LTO.
# Only preset `release` and the tests of packages want it.
option(WAX_PACKAGE "Build libwax for installing" OFF)
if(NOT WAX_PACKAGE)
    return()
endif()
add_library(libwax STATIC ${sources} ${joined}/wax.h)
set_target_properties(libwax PROPERTIES OUTPUT_NAME wax EXPORT_NAME wax
                      INTERPROCEDURAL_OPTIMIZATION OFF POSITION_INDEPENDENT_CODE ON)
target_include_directories(libwax PRIVATE ${WAX_INCLUDE}
                           INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_definitions(libwax PRIVATE WAX_VERSION_TEXT="${PROJECT_VERSION}")

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/wax)
install(TARGETS libwax EXPORT wax ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${joined}/wax.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT wax NAMESPACE wax:: FILE waxConfig.cmake DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/waxConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/waxConfigVersion.cmake DESTINATION ${package})

file(RELATIVE_PATH WAX_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/wax.pc.in ${PROJECT_BINARY_DIR}/wax.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/wax.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

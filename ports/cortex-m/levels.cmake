# What each level of protection costs: images that differ by what protects messages and the connection, and share the
# rest. Their client is that of a device which publishes and does nothing else: MQTT 3.1.1, without what pads and signs.
add_library(publisher STATIC ${WAX_wire_SOURCES} ${WAX_micro_SOURCES} ${WAX_seal_SOURCES} ${WAX_keys_SOURCES})
target_compile_definitions(publisher PUBLIC WAX_MQTT5=0 WAX_SEAL_EXTRAS=0)
target_include_directories(publisher PUBLIC ${WAX_INCLUDE})
target_link_libraries(publisher PUBLIC room_base room_transport room_ascon room_cbor room_hpke)

add_library(level_board OBJECT startup.c semihosting.c machine.c network.c lan9118.c lwip_port.c meter.c level.c)
target_include_directories(level_board PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(level_board PUBLIC publisher lwip)

# Mbed TLS with a cipher and nothing else.
foreach(cipher suite1 suite3 cbc)
    add_foreign(mbedtls_${cipher} ${MBEDTLS_SOURCES})
    target_include_directories(mbedtls_${cipher} SYSTEM PUBLIC ${WAX_DEVICE_SOURCES}/mbedtls/include)
    target_compile_definitions(mbedtls_${cipher} PUBLIC
                               MBEDTLS_CONFIG_FILE="${CMAKE_CURRENT_SOURCE_DIR}/mbedtls/${cipher}.h")
endforeach()

# add_level(NAME SOURCE... [WITH LIBRARY...])
function(add_level name)
    cmake_parse_arguments(PARSE_ARGV 1 level "" "" WITH)
    add_executable(${name} ${level_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE ${level_WITH} level_board)
    target_link_options(${name} PRIVATE --specs=nano.specs --specs=nosys.specs -nostartfiles
                        -Wl,--gc-sections -T ${CMAKE_CURRENT_SOURCE_DIR}/board.ld
                        -Wl,-Map,${CMAKE_CURRENT_BINARY_DIR}/${name}.map)
    set_target_properties(${name} PROPERTIES SUFFIX .elf LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/board.ld)
endfunction()

# seal_level(NAME NUMBER): seals by the suite with that number, with keys that are given by its profile.
function(seal_level name number)
    set(suites wax_suite_chacha wax_suite_ascon wax_suite_ccm)
    set(profiles wax_keys_chacha20 wax_keys_ascon_opens wax_keys_ccm)
    math(EXPR index "${number} - 1")
    list(GET suites ${index} suite)
    list(GET profiles ${index} profile)
    target_sources(${name} PRIVATE level_sealed.c)
    target_compile_definitions(${name} PRIVATE LEVEL_SUITE=${suite} LEVEL_PROFILE=${profile})
    if(NOT number EQUAL 2)
        target_sources(${name} PRIVATE ${WAX_INCLUDE}/mbed/mbedtls.c ${WAX_INCLUDE}/crypto/cipher.c)
    endif()
endfunction()

add_level(level_tcp level_tcp.c level_plain.c)
add_level(level_cbc level_tcp.c level_cbc.c WITH mbedtls_cbc)
add_level(level_suite1 level_tcp.c WITH mbedtls_suite1)
add_level(level_suite2 level_tcp.c)
add_level(level_suite3 level_tcp.c WITH mbedtls_suite3)
foreach(number 1 2 3)
    seal_level(level_suite${number} ${number})
endforeach()

foreach(proof key certificate)
    set(tls level_tls.c level_${proof}.c sensor_mbedtls.c)
    add_level(level_${proof} ${tls} level_plain.c WITH mbed_${proof})
    foreach(number 1 2)
        add_level(level_${proof}_suite${number} ${tls} WITH mbed_${proof})
        seal_level(level_${proof}_suite${number} ${number})
    endforeach()
endforeach()

# The libraries that tests link on another architecture, where scripts/setup-portable unpacked them.
set(root ${PROJECT_SOURCE_DIR}/build/portable/${WAX_DEBIAN_ARCHITECTURE}/usr)
set(triplet ${CMAKE_LIBRARY_ARCHITECTURE})
if(NOT IS_DIRECTORY ${root})
    message(FATAL_ERROR "${root} is not there: run scripts/setup-portable")
endif()

foreach(pair OpenSSL::Crypto=crypto PkgConfig::ARGON2=argon2 PkgConfig::JANSSON=jansson PkgConfig::CMOCKA=cmocka)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 target)
    list(GET pair 1 library)
    add_library(${target} SHARED IMPORTED)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${root}/lib/${triplet}/lib${library}.so
                          INTERFACE_INCLUDE_DIRECTORIES "${root}/include;${root}/include/${triplet}")
endforeach()
set(WAX_crypto_NEEDS OpenSSL::Crypto PkgConfig::ARGON2)

# The emulator finds the C library beside the compiler, and these here.
set(CMAKE_CROSSCOMPILING_EMULATOR ${WAX_EMULATOR} -L /usr/${triplet} -E LD_LIBRARY_PATH=${root}/lib/${triplet})

# What the optimizer of another target believes it sees in tests; the code is held to it at home.
add_compile_options($<$<C_COMPILER_ID:GNU>:-Wno-null-dereference>)

# wolfSSL, from the source package that scripts/setup-device unpacked: what distributions build has no deterministic
# ECDSA, and is no library for devices.
set(WAX_DEVICE_SOURCES ${PROJECT_SOURCE_DIR}/build/device CACHE PATH "Where lwip, mbedtls and wolfssl are unpacked")

# Foreign code is not held to our warnings, and its headers are none of ours.
function(add_foreign name)
    add_library(${name} STATIC ${ARGN})
    set_target_properties(${name} PROPERTIES COMPILE_OPTIONS "-w" C_EXTENSIONS ON)
endfunction()

set(WOLFCRYPT_PARTS aes asn chacha chacha20_poly1305 cryptocb ecc error hash hmac kdf logging memory poly1305 random rsa
                    sha256 signature sp_c32 sp_c64 sp_int wc_encrypt wc_port wolfmath)
set(WOLFSSL_PARTS internal keys ssl tls wolfio)

# add_wolfssl(NAME FOLDER): wolfSSL as FOLDER/user_settings.h has it; what is not asked for there is empty.
function(add_wolfssl name folder)
    list(TRANSFORM WOLFCRYPT_PARTS REPLACE "(.+)" "${WAX_DEVICE_SOURCES}/wolfssl/wolfcrypt/src/\\1.c")
    list(TRANSFORM WOLFSSL_PARTS REPLACE "(.+)" "${WAX_DEVICE_SOURCES}/wolfssl/src/\\1.c")
    add_foreign(${name} ${WOLFCRYPT_PARTS} ${WOLFSSL_PARTS})
    target_compile_definitions(${name} PUBLIC WOLFSSL_USER_SETTINGS)
    target_include_directories(${name} SYSTEM PUBLIC ${WAX_DEVICE_SOURCES}/wolfssl ${folder} PRIVATE ${WAX_INCLUDE})
endfunction()

# Every warning that has paid for itself, for both compilers.
add_compile_options(
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wcast-qual
    -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla
    -Wwrite-strings -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough -Wdouble-promotion
    -Wredundant-decls -Wnested-externs -Wnull-dereference -Wfloat-equal)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init
                        -Wtrampolines)
else()
    add_compile_options(-Wcomma -Wunreachable-code -Wassign-enum -Wconditional-uninitialized)
endif()

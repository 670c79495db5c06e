# The rooms and what stands on what, as ARCHITECTURE.md tells it. Sets
#   WAX_ROOMS            every room, ground floor first
#   WAX_PURE_ROOMS       those that need no operating system
#   WAX_<room>_BELOW     the rooms it stands on
#   WAX_<room>_SOURCES   its files
set(WAX_INCLUDE ${CMAKE_CURRENT_LIST_DIR}/src)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/ARCHITECTURE.md)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/ARCHITECTURE.md rows REGEX "^[a-z]+ .* (pure|hosted|foreign)$")
foreach(row IN LISTS rows)
    string(REGEX REPLACE " +" ";" words "${row}")
    list(POP_FRONT words room)
    list(POP_BACK words kind)
    list(REMOVE_ITEM words -)
    list(APPEND WAX_ROOMS ${room})
    if(kind STREQUAL pure)
        list(APPEND WAX_PURE_ROOMS ${room})
    endif()
    set(WAX_${room}_BELOW ${words})
    file(GLOB WAX_${room}_SOURCES CONFIGURE_DEPENDS ${WAX_INCLUDE}/${room}/*.c)
endforeach()

# Ascon's permutation has two forms: one small, and the faster where registers have 64 bits; one fast where they have 32.
set(WAX_ASCON small CACHE STRING "Ascon's permutation: small, or fast with registers of 32 bits")
set_property(CACHE WAX_ASCON PROPERTY STRINGS small fast)
if(WAX_ASCON STREQUAL fast)
    list(TRANSFORM WAX_ascon_SOURCES REPLACE "/ascon/permutation\\.c$" "/ascon/fast/permutation.c")
elseif(NOT WAX_ASCON STREQUAL small)
    message(FATAL_ERROR "WAX_ASCON is ${WAX_ASCON}: it may be small or fast")
endif()

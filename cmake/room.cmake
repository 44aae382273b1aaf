# SPDX-License-Identifier: Apache-2.0
# room(NAME SOURCES a.c ... [KERNELS k.c ...] USES other/room ... [LIBS imported ...])
#
# Makes the static library of one folder and records whom it may include. The record is the law:
# tests/tidy/includes reads it and fails on an include that it does not name. A room without
# sources is a room of headers.
#   KERNELS  files compiled once per instruction set (cmake/kernel.cmake)
#   USES     rooms whose headers this room may include
#   LIBS     libraries from outside, as CMake targets or names
#   BUGGIFY  compiled once more, as objects of the target NAME_buggify, with base/buggify.h awake
#
# room_program(NAME SOURCES ... ROOMS ...) makes an executable of a room.
function(room name)
    cmake_parse_arguments(R "BUGGIFY" "" "SOURCES;KERNELS;USES;LIBS" ${ARGN})
    string(REPLACE "/" "_" target ${name})
    if(R_SOURCES OR R_KERNELS)
        add_library(${target} STATIC ${R_SOURCES})
        target_link_libraries(${target} PUBLIC nxp_flags ${R_LIBS})
        if(R_KERNELS)
            kernel_variants(${target} ${R_KERNELS})
            set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
        endif()
        set(scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        target_link_libraries(${target} INTERFACE nxp_flags ${R_LIBS})
        set(scope INTERFACE)
    endif()
    foreach(use IN LISTS R_USES)
        string(REPLACE "/" "_" used ${use})
        target_link_libraries(${target} ${scope} ${used})
    endforeach()
    if(R_BUGGIFY)
        add_library(${target}_buggify OBJECT ${R_SOURCES})
        target_compile_definitions(${target}_buggify PRIVATE NXP_BUGGIFY)
        target_link_libraries(${target}_buggify PRIVATE ${target})
    endif()
    string(REPLACE ";" " " uses "${R_USES}")
    set_property(GLOBAL APPEND_STRING PROPERTY NXP_LAW "${name}: ${uses}\n")
endfunction()

function(room_program name)
    cmake_parse_arguments(P "" "" "SOURCES;ROOMS" ${ARGN})
    add_executable(${name} ${P_SOURCES})
    foreach(use IN LISTS P_ROOMS)
        string(REPLACE "/" "_" used ${use})
        target_link_libraries(${name} PRIVATE ${used})
    endforeach()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

function(room_write_law file)
    get_property(law GLOBAL PROPERTY NXP_LAW)
    file(WRITE ${file} "${law}")
endfunction()

# SPDX-License-Identifier: Apache-2.0
# unit_test(NAME SOURCES ... ROOMS ... [LIBS ...] [LABELS ...] [TIMEOUT s])
#   a cmocka program that ctest runs; NXP_GOLDEN is the folder tests/golden, NXP_SOURCE the tree.
#
# fuzz_target(NAME SOURCE x_fuzz.c ROOMS ... CORPUS dir)
#   x_fuzz.c defines LLVMFuzzerTestOneInput. With the fuzz preset it becomes a libFuzzer program;
#   in every other build it becomes a plain test that replays each file of tests/fuzz/corpus/NAME.
# Instrumented code is ten times slower: tests may then repeat less.
set(NXP_INSTRUMENTED 0)
if(NXP_SANITIZE OR NXP_COVERAGE)
    set(NXP_INSTRUMENTED 1)
endif()

function(test_settings name)
    cmake_parse_arguments(T "" "" "ROOMS;LIBS" ${ARGN})
    target_link_libraries(${name} PRIVATE nxp_flags ${T_LIBS})
    foreach(use IN LISTS T_ROOMS)
        string(REPLACE "/" "_" used ${use})
        target_link_libraries(${name} PRIVATE ${used})
    endforeach()
    target_compile_definitions(${name} PRIVATE
        NXP_GOLDEN="${CMAKE_SOURCE_DIR}/tests/golden" NXP_SOURCE="${CMAKE_SOURCE_DIR}"
        NXP_BUILD="${CMAKE_BINARY_DIR}"
        NXP_INSTRUMENTED=${NXP_INSTRUMENTED})
endfunction()

function(unit_test name)
    cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;ROOMS;LIBS;LABELS" ${ARGN})
    add_executable(${name} ${T_SOURCES})
    test_settings(${name} ROOMS ${T_ROOMS} LIBS cmocka ${T_LIBS})
    add_test(NAME ${name} COMMAND ${name})
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 300)
        if(NXP_SANITIZE)
            set(T_TIMEOUT 900) # on a machine that has other work, too
        endif()
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
    if(T_LABELS)
        set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}")
    endif()
endfunction()

function(fuzz_target name)
    cmake_parse_arguments(T "" "SOURCE" "ROOMS;LIBS" ${ARGN})
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(NXP_FUZZ)
        add_executable(${name} ${T_SOURCE})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name} ${T_SOURCE} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
        add_test(NAME ${name} COMMAND ${name} ${corpus})
        set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
    endif()
    test_settings(${name} ROOMS ${T_ROOMS} LIBS ${T_LIBS})
endfunction()

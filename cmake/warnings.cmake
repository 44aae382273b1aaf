# SPDX-License-Identifier: Apache-2.0
# One interface target carries what every file is compiled with.
option(NXP_WERROR "Treat warnings as errors" OFF)
option(NXP_SANITIZE "Comma separated sanitizers, e.g. address,undefined" "")
option(NXP_COVERAGE "Instrument for lcov" OFF)
option(NXP_FUZZ "Build libFuzzer targets (Clang)" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# assert() states our own mistakes and stays on in every build (docs/house.md).
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()
string(REPLACE "-O2" "-O3" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")

find_package(Threads REQUIRED)
add_library(nxp_flags INTERFACE)
target_include_directories(nxp_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(nxp_flags INTERFACE _GNU_SOURCE NXP_VERSION="${PROJECT_VERSION}")
target_compile_options(nxp_flags INTERFACE
    -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wvla -Wundef -Wwrite-strings -Wformat=2 -fno-common
    -fstack-protector-strong
    # Clang would fuse a * b + c where the machine can, and round once instead of twice: a seed is the same run everywhere.
    $<$<C_COMPILER_ID:Clang>:-ffp-contract=off>
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>) # texts for people are cut where their place ends, on purpose
target_link_libraries(nxp_flags INTERFACE Threads::Threads)
if(NXP_WERROR)
    target_compile_options(nxp_flags INTERFACE -Werror)
endif()
if(NXP_SANITIZE)
    target_compile_options(nxp_flags INTERFACE
        -fsanitize=${NXP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(nxp_flags INTERFACE -fsanitize=${NXP_SANITIZE})
elseif(NOT NXP_COVERAGE)
    target_compile_definitions(nxp_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(NXP_COVERAGE)
    target_compile_options(nxp_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(nxp_flags INTERFACE --coverage)
endif()
if(NXP_FUZZ)
    target_compile_options(nxp_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

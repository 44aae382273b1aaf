# SPDX-License-Identifier: Apache-2.0
# proto_c(TARGET file.proto [google/protobuf/x.proto ...]) generates C for a schema and the
# well-known types that it imports with protobuf-c at build time and makes a library of them.
# Generated code is compiled without our warnings.
find_program(NXP_PROTOC_C protoc-c)
function(proto_c target schema)
    if(NOT NXP_PROTOC_C)
        message(FATAL_ERROR "protoc-c not found: install protobuf-c-compiler (packages.txt)")
    endif()
    set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
    set(sources)
    file(MAKE_DIRECTORY ${out})
    foreach(file IN ITEMS ${schema} ${ARGN})
        string(REGEX REPLACE "\\.proto$" "" stem ${file})
        set(depends)
        if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
            set(depends ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        endif()
        add_custom_command(
            OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
            COMMAND ${NXP_PROTOC_C} --c_out=${out} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}
                    --proto_path=/usr/include ${file}
            DEPENDS ${depends} VERBATIM)
        list(APPEND sources ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h)
    endforeach()
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_link_libraries(${target} PUBLIC protobuf-c)
endfunction()

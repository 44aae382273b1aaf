# SPDX-License-Identifier: Apache-2.0
# proto_c(TARGET file.proto) generates C for a schema with protobuf-c at build time and makes a
# library of it. Generated code is compiled without our warnings.
find_program(NXP_PROTOC_C protoc-c)
function(proto_c target schema)
    if(NOT NXP_PROTOC_C)
        message(FATAL_ERROR "protoc-c not found: install protobuf-c-compiler (packages.txt)")
    endif()
    get_filename_component(stem ${schema} NAME_WE)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/generated)
    file(MAKE_DIRECTORY ${out})
    add_custom_command(
        OUTPUT ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h
        COMMAND ${NXP_PROTOC_C} --c_out=${out} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}
                --proto_path=/usr/include ${CMAKE_CURRENT_SOURCE_DIR}/${schema}
        DEPENDS ${schema} VERBATIM)
    add_library(${target} STATIC ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h)
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_link_libraries(${target} PUBLIC protobuf-c)
endfunction()

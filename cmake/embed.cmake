# SPDX-License-Identifier: Apache-2.0
# embed(TARGET file SYMBOL) compiles the bytes of a file into a target as
#   const unsigned char SYMBOL[]; const size_t SYMBOL_size;
# Run as a script (cmake -DINPUT= -DOUTPUT= -DSYMBOL= -P embed.cmake) it writes that C file.
if(CMAKE_SCRIPT_MODE_FILE)
    file(READ ${INPUT} bytes HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(WRITE ${OUTPUT} "#include <stddef.h>\n\nextern const unsigned char ${SYMBOL}[];\n"
        "extern const size_t ${SYMBOL}_size;\n\nconst unsigned char ${SYMBOL}[] = {\n${bytes}};\n"
        "const size_t ${SYMBOL}_size = sizeof ${SYMBOL};\n")
    return()
endif()

set(NXP_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(embed target input symbol)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_CURRENT_SOURCE_DIR}/${input} -DOUTPUT=${output}
                -DSYMBOL=${symbol} -P ${NXP_EMBED_SCRIPT}
        DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${input} ${NXP_EMBED_SCRIPT} VERBATIM)
    target_sources(${target} PRIVATE ${output})
endfunction()

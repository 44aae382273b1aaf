# SPDX-License-Identifier: Apache-2.0
# kernel_variants(TARGET file.c ...) compiles the files once per instruction set. Inside them
#   VEC_HEADER    is the vector type of the build (prover/kernel/vec_*.h)
#   KERNEL(name)  is the name with the suffix of the build (name_avx2)
# and nothing else differs. prover/kernel/select.c picks one table at run time.
#
# The lanes of a variant hold in the file compiled for it only: helpers in vec headers are
# static inline, so the linker never keeps an AVX-512 copy for a machine without it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(NXP_KERNELS portable avx2 avx512)
else()
    set(NXP_KERNELS portable)
endif()
set(NXP_KERNEL_OPTIMIZE -O3 CACHE STRING "Optimisation of the kernels, whatever the build type") # tests/sim/determinism
set(NXP_KERNEL_FLAGS_portable ${NXP_KERNEL_OPTIMIZE})
set(NXP_KERNEL_FLAGS_avx2 ${NXP_KERNEL_OPTIMIZE} -mavx2 -mbmi2 -mtune=skylake)
set(NXP_KERNEL_FLAGS_avx512 ${NXP_KERNEL_OPTIMIZE} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mbmi2
    -mprefer-vector-width=512 -mtune=icelake-server)

function(kernel_variants target)
    foreach(variant IN LISTS NXP_KERNELS)
        set(objects ${target}_kernels_${variant})
        add_library(${objects} OBJECT ${ARGN})
        target_link_libraries(${objects} PUBLIC $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
        target_compile_options(${objects} PRIVATE ${NXP_KERNEL_FLAGS_${variant}})
        target_compile_definitions(${objects} PRIVATE
            NXP_KERNEL_VARIANT=${variant} VEC_HEADER="prover/kernel/vec_${variant}.h")
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
    endforeach()
endfunction()

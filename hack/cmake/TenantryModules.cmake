# One library for each folder, one program for each main.cc, one test program for each test folder.

add_library(tenantry_options INTERFACE)
target_include_directories(tenantry_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tenantry_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  # `{.code = …}` with the rest at their defaults is how our errors and options are written.
  -Wno-missing-field-initializers
  $<$<BOOL:${TENANTRY_WARNINGS_AS_ERRORS}>:-Werror>
  # GCC 12 warns of impossible copies in std::string's operator+ (GCC bug 105329).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict>
  # TRY is a statement expression on purpose (common/base/result.h).
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Wno-gnu-statement-expression>)
target_compile_definitions(tenantry_options INTERFACE TENANTRY_VERSION="${PROJECT_VERSION}")
if(TENANTRY_SANITIZERS)
  target_compile_options(tenantry_options INTERFACE
    -fsanitize=${TENANTRY_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(tenantry_options INTERFACE -fsanitize=${TENANTRY_SANITIZERS})
else()
  target_compile_options(tenantry_options INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(tenantry_options INTERFACE -Wl,--gc-sections)
endif()

# tenantry_library(NAME [dependencies...]): all .cc files of the folder but main.cc.
function(tenantry_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(tenantry_${name} STATIC ${sources})
    target_link_libraries(tenantry_${name} PUBLIC tenantry_options ${ARGN})
  else()
    add_library(tenantry_${name} INTERFACE)
    target_link_libraries(tenantry_${name} INTERFACE tenantry_options ${ARGN})
  endif()
endfunction()

# tenantry_test(LEVEL NAME [dependencies...]): all .cc files of tests/LEVEL/NAME, run by ctest under
# the label LEVEL.
function(tenantry_test level name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${level}/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${level}_${name}_test ${sources})
  target_link_libraries(${level}_${name}_test PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
  add_test(NAME ${level}/${name} COMMAND ${level}_${name}_test
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${level}/${name} PROPERTIES LABELS ${level} TIMEOUT 900)
endfunction()

# cmake -DLIST=a -DOUTPUT=b -P concatenate.cmake: writes the bytes of the files that a lists, one a line, to b.
file(STRINGS ${LIST} files)
execute_process(COMMAND ${CMAKE_COMMAND} -E cat ${files}
                OUTPUT_FILE ${OUTPUT}
                COMMAND_ERROR_IS_FATAL ANY)

/* MPI-IO: all ranks write and read one file, each its part, together and alone. The file is the argument. */
#include "check.h"

int main(int count, char **words) {
    enum { BLOCK = 10000, BLOCKS = 20 };
    start(&count, &words);
    MPI_File file;
    CHECK(count == 2);
    CHECK(MPI_File_open(MPI_COMM_WORLD, words[1], MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file) == MPI_SUCCESS);
    unsigned char *data = malloc(BLOCK * BLOCKS), *back = malloc(BLOCK * BLOCKS);
    MPI_Datatype stripes;
    MPI_Type_vector(BLOCKS, BLOCK, BLOCK * size, MPI_BYTE, &stripes);
    MPI_Type_commit(&stripes);
    fill(data, BLOCK * BLOCKS, rank);
    CHECK(MPI_File_set_view(file, (MPI_Offset)rank * BLOCK, MPI_BYTE, stripes, "native", MPI_INFO_NULL) == MPI_SUCCESS);
    CHECK(MPI_File_write_all(file, data, BLOCK * BLOCKS, MPI_BYTE, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    CHECK(MPI_File_sync(file) == MPI_SUCCESS);
    MPI_Barrier(MPI_COMM_WORLD);
    int other = (rank + 1) % size;
    CHECK(MPI_File_set_view(file, (MPI_Offset)other * BLOCK, MPI_BYTE, stripes, "native", MPI_INFO_NULL) == MPI_SUCCESS);
    CHECK(MPI_File_read_all(file, back, BLOCK * BLOCKS, MPI_BYTE, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    CHECK(holds(back, BLOCK * BLOCKS, other));
    MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL);
    CHECK(MPI_File_read_at(file, (MPI_Offset)other * BLOCK, back, BLOCK, MPI_BYTE, MPI_STATUS_IGNORE) == MPI_SUCCESS);
    CHECK(holds(back, BLOCK, other));
    MPI_Offset bytes;
    MPI_File_get_size(file, &bytes);
    CHECK(bytes == (MPI_Offset)BLOCK * BLOCKS * size);
    MPI_File_close(&file);
    say("one file, all ranks");
    MPI_Finalize();
    return 0;
}

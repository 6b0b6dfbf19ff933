/* A job that ends badly, by the word given: abort, signal, exit; or asks for processes that nobody can start: spawn. */
#include "check.h"
#include <signal.h>
#include <unistd.h>

int main(int count, char **words) {
    start(&count, &words);
    CHECK(count == 2);
    say("started");
    fflush(stdout);
    if (strcmp(words[1], "spawn") == 0) {
        MPI_Comm children;
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        int error = MPI_Comm_spawn("/nonexistent/child", MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children, MPI_ERRCODES_IGNORE);
        CHECK(error != MPI_SUCCESS);
        say("spawn refused");
        MPI_Finalize();
        return 0;
    }
    if (rank == size - 1) {
        if (strcmp(words[1], "abort") == 0)
            MPI_Abort(MPI_COMM_WORLD, 9);
        if (strcmp(words[1], "signal") == 0)
            raise(SIGKILL);
        if (strcmp(words[1], "exit") == 0)
            _exit(5);
    }
    char byte;
    MPI_Recv(&byte, 1, MPI_BYTE, size - 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return 0;
}

! Messages, collectives, one-sided communication and a shared file from Fortran.
program all_in_fortran
  use mpi
  implicit none
  integer :: rank, ranks, error, next, last, i, window, file, status(MPI_STATUS_SIZE)
  integer, parameter :: n = 200000
  double precision, allocatable :: a(:), b(:)
  double precision :: total
  integer(kind=MPI_ADDRESS_KIND) :: bytes
  integer(kind=MPI_OFFSET_KIND) :: offset
  character(len=4096) :: path

  call MPI_Init(error)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, error)
  call MPI_Comm_size(MPI_COMM_WORLD, ranks, error)
  next = mod(rank + 1, ranks)
  last = mod(rank + ranks - 1, ranks)
  allocate(a(n), b(n))
  a = [(dble(rank) * n + i, i = 1, n)]
  b = 0

  call MPI_Sendrecv(a, n, MPI_DOUBLE_PRECISION, next, 1, b, n, MPI_DOUBLE_PRECISION, last, 1, MPI_COMM_WORLD, status, error)
  call check(all(b == [(dble(last) * n + i, i = 1, n)]), 'ring')
  call MPI_Sendrecv(a(1:n:2), n / 2, MPI_DOUBLE_PRECISION, next, 2, b, n / 2, MPI_DOUBLE_PRECISION, last, 2, MPI_COMM_WORLD, status, error)
  call check(b(2) == dble(last) * n + 3, 'array section')

  call MPI_Allreduce(MPI_IN_PLACE, a, n, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD, error)
  total = sum(a)
  call MPI_Bcast(total, 1, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, error)
  call check(total == sum(a), 'reduction')

  bytes = int(n, MPI_ADDRESS_KIND) * 8
  a = rank + 1
  call MPI_Win_create(b, bytes, 8, MPI_INFO_NULL, MPI_COMM_WORLD, window, error)
  call MPI_Win_fence(0, window, error)
  call MPI_Put(a, n, MPI_DOUBLE_PRECISION, next, 0_MPI_ADDRESS_KIND, n, MPI_DOUBLE_PRECISION, window, error)
  call MPI_Win_fence(0, window, error)
  call check(all(b == last + 1), 'put')
  call MPI_Win_free(window, error)

  call get_command_argument(1, path)
  call MPI_File_open(MPI_COMM_WORLD, trim(path), ior(MPI_MODE_CREATE, MPI_MODE_RDWR), MPI_INFO_NULL, file, error)
  offset = int(rank, MPI_OFFSET_KIND) * n * 8
  call MPI_File_write_at_all(file, offset, a, n, MPI_DOUBLE_PRECISION, status, error)
  call MPI_File_sync(file, error)
  call MPI_Barrier(MPI_COMM_WORLD, error)
  offset = int(next, MPI_OFFSET_KIND) * n * 8
  call MPI_File_read_at_all(file, offset, b, n, MPI_DOUBLE_PRECISION, status, error)
  call check(all(b == next + 1), 'file')
  call MPI_File_close(file, error)

  call MPI_Barrier(MPI_COMM_WORLD, error)
  if (rank == 0) print '(a, es22.14)', 'total', total
  call MPI_Finalize(error)

contains
  subroutine check(holds, what)
    logical, intent(in) :: holds
    character(len=*), intent(in) :: what
    if (.not. holds) then
      print *, 'rank', rank, 'fails: ', what
      call MPI_Abort(MPI_COMM_WORLD, 3, error)
    end if
  end subroutine check
end program all_in_fortran

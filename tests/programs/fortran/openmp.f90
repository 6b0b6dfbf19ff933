! A team of four over a Jacobi iteration, formatted output, and a scratch file.
program openmp
   use omp_lib
   implicit none
   integer, parameter :: n = 256
   real(8) :: grid(n, n), next(n, n), change
   integer :: i, j, step, line
   character(len=40) :: text

   call omp_set_num_threads(4)
   grid = 0d0
   grid(:, 1) = 1d0
   next = grid
   do step = 1, 200
      change = 0d0
      !$omp parallel do private(i) reduction(max:change)
      do j = 2, n - 1
         do i = 2, n - 1
            next(i, j) = 0.25d0*(grid(i - 1, j) + grid(i + 1, j) + grid(i, j - 1) + grid(i, j + 1))
            change = max(change, abs(next(i, j) - grid(i, j)))
         end do
      end do
      !$omp end parallel do
      grid = next
   end do
   print '(a, f14.10)', 'change ', change
   print '(a, f14.6)', 'sum    ', sum(grid)

   open (unit=10, status='scratch', action='readwrite')
   do line = 1, 100
      write (10, '(a, i4)') 'line', line
   end do
   rewind (10)
   do line = 1, 100
      read (10, '(a)') text
   end do
   print '(a)', trim(text)
   close (10)
end program openmp

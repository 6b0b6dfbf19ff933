# The machine code of HostStubs.cs. Assemble and compare: tests/Weft.Native.Tests does.
#
# invoke        long (nr, a0..a5): a raw system call; -errno on failure.
# interruptible long (int *pending, nr, a0..a5): the same, unless *pending is set before the
#               call is entered: then -EINTR. The handler "kick" moves a thread that was caught
#               between the test and the call to the failing exit, so that no kick is lost. It also
#               blocks the signals of data_held on its thread, in the mask that the frame restores.
# forward       signal handler: writes the 128-byte siginfo to the pipe in data_fd.
# rdtsc_entry   the time-stamp counter: everything before has finished, nothing after has begun.
# copy, zero, cas  guest memory accessors (cas: address, expected, desired, old, whether of 8 bytes or 4): "fault" (SIGSEGV, SIGBUS) sends a fault in one of
#               them to its failing exit; one that a process sent (si_code 0 or less) goes where "forward" writes, once it
#               does; every other one to the handler that was there before.
.intel_syntax noprefix
.text
invoke:
  mov rax, rdi
  mov rdi, rsi
  mov rsi, rdx
  mov rdx, rcx
  mov r10, r8
  mov r8, r9
  mov r9, [rsp+8]
  syscall
  ret
.balign 16
interruptible:
  mov r11, rdi
  mov rax, rsi
  mov rdi, rdx
  mov rsi, rcx
  mov rdx, r8
  mov r10, r9
  mov r8, [rsp+8]
  mov r9, [rsp+16]
irq_start:
  cmp dword ptr [r11], 0
  jne irq_fail
  syscall
irq_end:
  ret
irq_fail:
  mov rax, -4
  ret
.balign 16
kick:
  mov rax, [rip+data_held]
  or [rdx+296], rax
  mov rax, [rdx+168]
  lea rcx, [rip+irq_start]
  cmp rax, rcx
  jb 1f
  lea rcx, [rip+irq_end]
  cmp rax, rcx
  jae 1f
  lea rcx, [rip+irq_fail]
  mov [rdx+168], rcx
1: ret
.balign 16
restorer:
  mov eax, 15
  syscall
.balign 16
forward:
  mov edi, [rip+data_fd]
  mov edx, 128
  mov eax, 1
  syscall
  ret
.balign 16
copy:
  mov rcx, rdx
  rep movsb
  xor eax, eax
  ret
copy_end:
  mov rax, rcx
  ret
.balign 16
zero:
  mov rcx, rsi
  xor eax, eax
  rep stosb
  ret
zero_end:
  mov rax, rcx
  ret
.balign 16
cas:
  mov rax, rsi
  test r8d, r8d
  jne 1f
  lock cmpxchg [rdi], edx
  jmp 2f
1: lock cmpxchg [rdi], rdx
2: mov [rcx], rax
  xor eax, eax
  ret
cas_end:
  mov rax, -1
  ret
.balign 16
fault:
  mov rax, [rdx+168]
  lea rcx, [rip+copy]
  cmp rax, rcx
  jb chain
  lea rcx, [rip+copy_end]
  cmp rax, rcx
  jb fix
  lea rcx, [rip+zero]
  cmp rax, rcx
  jb chain
  lea rcx, [rip+zero_end]
  cmp rax, rcx
  jb fix
  lea rcx, [rip+cas]
  cmp rax, rcx
  jb chain
  lea rcx, [rip+cas_end]
  cmp rax, rcx
  jae chain
fix:
  mov [rdx+168], rcx
  ret
chain:
  cmp dword ptr [rsi+8], 0
  jg 0f
  cmp dword ptr [rip+data_fd], 0
  jne forward
0:
  lea rcx, [rip+data_segv]
  cmp edi, 7
  jne 1f
  lea rcx, [rip+data_bus]
1: mov rax, [rcx]
  cmp rax, 1
  jbe 2f
  jmp rax
2: ud2
.balign 16
rdtsc_entry:
  lfence
  rdtsc
  lfence
  shl rdx, 32
  or rax, rdx
  ret
.balign 16
end:
.org 4096
data_fd: .long 0
.long 0
data_segv: .quad 0
data_bus: .quad 0
data_held: .quad 0

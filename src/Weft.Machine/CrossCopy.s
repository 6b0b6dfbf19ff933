# The machine code of CrossCopy.Code.cs: process_vm_readv and process_vm_writev between VMs of a group without an exit.
# Assemble and compare: tests/Weft.Machine.Tests does.
#
# Reached by a jump from a call's own site through a trampoline: RAX is the number (310 reads, 311 writes), the arguments
# are a system call's, [RSP] is the way back. All registers but RAX, RCX and R11 are kept, as a system call keeps them.
# Whatever is not plain (unknown peer, a page that is not anonymous memory, an access that is not allowed) ends in "real",
# the system call itself from the beginning: copying twice does no harm.
#
# The process itself has an entry without page tables: its memory is where it says.
# The peer's page tables are walked in its system window, its memory lies in its arena window. While a copy runs the
# peer's word for us is above 0: the peer does not use freed memory again then. The VMM mends faults in here, or
# leaves by the labels: "count_in" -> real, "leave_count" -> real, "done_count" -> done, in between -> leave_count.
.intel_syntax noprefix
.set TABLE, 0x7fff80008000
.set NEED, 0x205        # present, user, plain
# Ends what "entry" begins, but for RAX.
.macro restore
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbp
  pop rbx
  pop r9
  pop r8
  pop r10
  pop rdx
  pop rsi
  pop rdi
.endm
.text
entry:
  push rdi
  push rsi
  push rdx
  push r10
  push r8
  push r9
  push rbx
  push rbp
  push r12
  push r13
  push r14
  push r15
  push rax
  cld
  test r9, r9
  jne real
  test edi, edi
  jle real
  lea rcx, [rdx-1]
  cmp rcx, 1024
  jae real
  lea rcx, [r8-1]
  cmp rcx, 1024
  jae real
  movabs rbp, TABLE
  mov ecx, [rbp]
find:
  dec ecx
  js real
  add rbp, 64
  cmp [rbp], edi
  jne find
  mov r12, rsi
  mov r13, rdx
  mov r14, r10
  mov r15, r8
  cmp eax, 311
  mov ecx, NEED
  jne reads
  or ecx, 2
reads:
  push rcx
  mov rax, [rbp+40]
count_in:
  lock inc qword ptr [rax]
counted:
  xor ebx, ebx
  xor r9d, r9d
  xor r11d, r11d
next:
  test r9, r9
  jne have_local
  dec r13
  js done_count_load
  mov r8, [r12]
  mov r9, [r12+8]
  add r12, 16
  mov rax, r9
  shr rax, 31
  jne leave
  jmp next
have_local:
  test r11, r11
  jne have_remote
  dec r15
  js done_count_load
  mov r10, [r14]
  mov r11, [r14+8]
  add r14, 16
  mov rax, r11
  shr rax, 31
  jne leave
  jmp have_local
have_remote:
  mov rax, r10
  or rax, r8
  shr rax, 47
  jne leave
  cmp qword ptr [rbp+8], 0
  je own
  movabs rdi, 0x000ffffffffff000
  mov rsi, [rbp+24]
  mov rax, [rbp+8]
  mov rcx, r10
  shr rcx, 39
  add rax, rsi
  mov rax, [rax+rcx*8]
  test al, 1
  je leave
  and rax, rdi
  mov rcx, r10
  shr rcx, 30
  and ecx, 511
  add rax, rsi
  mov rax, [rax+rcx*8]
  test al, 1
  je leave
  and rax, rdi
  mov rcx, r10
  shr rcx, 21
  and ecx, 511
  add rax, rsi
  mov rax, [rax+rcx*8]
  test al, 1
  je leave
  mov edx, 0x1fffff
  test al, 0x80
  jne leaf
  and rax, rdi
  mov rcx, r10
  shr rcx, 12
  and ecx, 511
  add rax, rsi
  mov rax, [rax+rcx*8]
  mov edx, 0xfff
leaf:
  mov ecx, eax
  not ecx
  test ecx, [rsp]
  jne leave
  and rax, rdi
  mov rcx, rdx
  not rcx
  and rax, rcx
  mov rcx, r10
  and rcx, rdx
  add rax, rcx
  add rax, [rbp+16]
  inc rdx
  sub rdx, rcx
shorter:
  cmp rdx, r9
  cmova rdx, r9
  cmp rdx, r11
  cmova rdx, r11
  mov rcx, rdx
  test dword ptr [rsp], 2
  jne writes
  mov rsi, rax
  mov rdi, r8
  jmp copy
writes:
  mov rsi, r8
  mov rdi, rax
copy:
  rep movsb
  add r8, rdx
  sub r9, rdx
  add r10, rdx
  sub r11, rdx
  add rbx, rdx
  jmp next
own:
  mov rax, r10
  mov rdx, r11
  jmp shorter
done_count_load:
  mov rax, [rbp+40]
done_count:
  lock dec qword ptr [rax]
done:
  movabs rax, TABLE
  lock inc qword ptr [rax+8]
  mov rax, rbx
  lea rsp, [rsp+16]
  restore
  ret
leave:
  mov rax, [rbp+40]
leave_count:
  lock dec qword ptr [rax]
left:
  lea rsp, [rsp+8]
real:
  pop rax
  restore
  syscall
  ret
code_end:

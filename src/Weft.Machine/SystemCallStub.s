# The system-call stub of SystemCallStub.Code.cs. Assemble and compare: tests/Weft.Machine.Tests does.
#
# Every vCPU has a copy of its own, with its slot page right behind it, so that all data is RIP-relative.
# On entry RAX is the number, RCX the return address, R11 the flags, RSP the program's. Nothing may touch
# the program's stack: the 128 bytes below RSP are its red zone. Only RAX, RCX and R11 may change.
#
# way[number]: 0 leave by an exit; 1 ask the attendant; n >= 2 answer[n - 2] is the result.
#
# state: 0 idle, 1 posted by the stub, 2 taken by the attendant, 3 answered, 4 declined: leave by an exit.
# Patience is short until the call is taken, for nobody may be there, and longer while it is worked on. When it
# ends the stub takes its post back if it can, and leaves; the VMM then looks at the state.
#
# A kick can stop the vCPU anywhere in here; SystemCallSlot.Unwind tells by the labels what was done.
.intel_syntax noprefix
.text
entry:
  mov [rip+saved_rcx], rcx
saved1:
  mov [rip+saved_r11], r11
saved2:
  cmp rax, 511
  ja leave
  lea rcx, [rip+way]
  movzx ecx, byte ptr [rcx+rax]
  cmp ecx, 1
  jb leave
  ja answer_itself
  cmp dword ptr [rip+awake], 0
  je leave
  mov [rip+number], rax
  mov [rip+argument], rdi
  mov [rip+argument+8], rsi
  mov [rip+argument+16], rdx
  mov [rip+argument+24], r10
  mov [rip+argument+32], r8
  mov [rip+argument+40], r9
  mov ecx, [rip+patience]
posted_next:
  mov dword ptr [rip+state], 1
posted:
  cmp dword ptr [rip+state], 2
  jae taken
  pause
  dec ecx
  jnz posted
  mov eax, 1
  lock cmpxchg [rip+state], ecx
  je declined
taken:
  mov ecx, [rip+patience_taken]
working:
  cmp dword ptr [rip+state], 3
  je answered
  ja declined
  pause
  dec ecx
  jnz working
declined:
  mov rax, [rip+number]
leave:
  mov rcx, [rip+saved_rcx]
  mov r11, [rip+saved_r11]
  out 0x20, al
  ud2
answer_itself:
  lea r11, [rip+answer-16]
  inc qword ptr [r11+rcx*8+0x80]
  mov rax, [r11+rcx*8]
answer_loaded:
  jmp way_out
answered:
  mov rax, [rip+result]
  mov dword ptr [rip+state], 0
way_out:
  mov rcx, [rip+saved_rcx]
  mov r11, [rip+saved_r11]
# Where the stub runs at CPL 0 (VMX, SVM) the VMM puts "sysretq" here.
way_out_jump:
  mov [rip+saved_rsp], rsp
  lea rsp, [rip+flags_stack+8]
switched:
  push r11
  popfq
  mov rsp, [rip+saved_rsp]
restored:
  jmp rcx
code_end:

.org 0x1000
state: .long 0
awake: .long 0
patience: .long 0
patience_taken: .long 0
saved_rcx: .quad 0
saved_r11: .quad 0
saved_rsp: .quad 0
number: .quad 0
argument: .quad 0, 0, 0, 0, 0, 0
result: .quad 0
flags_stack: .quad 0
.org 0x1100
answer: .fill 16, 8, 0
.org 0x1180
answer_count: .fill 16, 8, 0
.org 0x1200
way: .fill 512, 1, 0

// bare_transition WAY: what a system call costs on this machine's KVM when nothing is done with it.
// A VM of a few pages runs a loop of "syscall" at ring 3; LSTAR points to a stub that answers one of these ways:
//   exit            out, and KVM_RUN again: the way there and back, no register read
//   exit-registers  the same, and the general registers pass through the run page both ways
//   exit-special    the same, and the special registers come along
//   attendant       the stub posts in shared memory and spins until a thread of this process answers
//   stub            the stub loads an answer
// Serves rounds as the kernels do; see rounds.h. Source of the set-up: Documentation/virt/kvm/api.rst, Intel SDM volume 3.
#define _GNU_SOURCE
#include "rounds.h"
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    memory_bytes = 2 << 20,
    tables_at = 0x1000, gdt_at = 0x4000, task_at = 0x5000, idt_at = 0x8000,
    program_at = 0x10000, stack_top = 0x18000, slot_at = 0x20000, stub_at = 0x30000,
    call_port = 0x20, end_port = 0x21,
    user_code = 0x33, user_data = 0x2b,
    answer_given = 1234,
};

// In guest memory, on two cache lines as the stubs below address them.
struct slot {
    volatile uint32_t asked;
    char rest[60];
    volatile uint32_t answered;
    uint32_t unused;
    volatile uint64_t answer;
};

static uint8_t *memory;
static struct slot *slot;
static struct kvm_run *run;
static int vcpu;
static enum { by_exit, by_registers, by_special, by_attendant, by_stub } way;
static volatile int attending;

static void put(uint64_t at, const void *code, size_t length) { memcpy(memory + at, code, length); }

static void write_stub(int at_ring0)
{
    static const uint8_t leave[] = {0xe6, call_port};
    static const uint8_t post_and_wait[] = {
        0xff, 0x04, 0x25, 0x00, 0x00, 0x02, 0x00,             // inc dword [asked]
        0x8b, 0x04, 0x25, 0x00, 0x00, 0x02, 0x00,             // mov eax, [asked]
        0x3b, 0x04, 0x25, 0x40, 0x00, 0x02, 0x00,             // cmp eax, [answered]
        0x74, 0x04, 0xf3, 0x90, 0xeb, 0xf3,                   // je past; pause; jmp back to the comparison
    };
    static const uint8_t load[] = {0x48, 0x8b, 0x04, 0x25, 0x48, 0x00, 0x02, 0x00}; // mov rax, [answer]
    static const uint8_t jump_back[] = {0xff, 0xe1}, sysret[] = {0x48, 0x0f, 0x07};
    uint64_t at = stub_at;
    if (way <= by_special)
        put(at, leave, sizeof leave), at += sizeof leave;
    if (way == by_attendant)
        put(at, post_and_wait, sizeof post_and_wait), at += sizeof post_and_wait;
    if (way >= by_attendant)
        put(at, load, sizeof load), at += sizeof load;
    if (at_ring0)
        put(at, sysret, sizeof sysret);
    else
        put(at, jump_back, sizeof jump_back);
}

static void write_program(void)
{
    static const uint8_t loop[] = {
        0xb8, 0x6e, 0x00, 0x00, 0x00, // again: mov eax, getppid
        0x0f, 0x05,                   // syscall
        0x48, 0xff, 0xcb,             // dec rbx
        0x75, 0xf4,                   // jnz again
        0xe6, end_port, 0xf4,         // out: the round is over
    };
    put(program_at, loop, sizeof loop);
}

static void write_tables(void)
{
    const uint64_t all = 7, large = 0x80, next = 0x1000;
    *(uint64_t *)(memory + tables_at) = (tables_at + next) | all;
    *(uint64_t *)(memory + tables_at + next) = (tables_at + 2 * next) | all;
    *(uint64_t *)(memory + tables_at + 2 * next) = large | all;
    uint64_t *gdt = (uint64_t *)(memory + gdt_at);
    gdt[2] = 0x00af9b000000ffff, gdt[3] = 0x00cf93000000ffff;
    gdt[user_data / 8] = 0x00cff3000000ffff, gdt[user_code / 8] = 0x00affb000000ffff;
    // An I/O permission bitmap of zeros: ring 3 may use every port.
    *(uint16_t *)(memory + task_at + 0x66) = 0x68;
}

static void make_vm(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 0);
    require(kvm >= 0 && vm >= 0, "cannot use /dev/kvm");
    memory = mmap(0, memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    struct kvm_userspace_memory_region region = {.memory_size = memory_bytes, .userspace_addr = (uint64_t)memory};
    require(memory != MAP_FAILED && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0, "cannot give the VM memory");
    ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000);
    vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    run = mmap(0, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    struct {
        struct kvm_cpuid2 head;
        struct kvm_cpuid_entry2 entries[128];
    } leaves = {.head.nent = 128};
    require(vcpu >= 0 && run != MAP_FAILED && ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &leaves) == 0
        && ioctl(vcpu, KVM_SET_CPUID2, &leaves) == 0, "cannot make a vCPU");
    slot = (struct slot *)(memory + slot_at);
    slot->answer = answer_given;
}

static void set_up_vcpu(void)
{
    struct kvm_sregs special;
    require(ioctl(vcpu, KVM_GET_SREGS, &special) == 0, "cannot read special registers");
    special.cr0 = 0x80050033, special.cr3 = tables_at, special.cr4 = 0x10620, special.efer = 0xd01;
    special.cs = (struct kvm_segment){.limit = ~0u, .selector = user_code, .type = 11, .present = 1, .dpl = 3, .s = 1, .l = 1, .g = 1};
    special.ss = (struct kvm_segment){.limit = ~0u, .selector = user_data, .type = 3, .present = 1, .dpl = 3, .db = 1, .s = 1, .g = 1};
    special.ds = special.es = special.fs = special.gs = special.ss;
    special.tr = (struct kvm_segment){.base = task_at, .limit = 0x68 + 8192, .selector = 0x38, .type = 11, .present = 1};
    special.ldt = (struct kvm_segment){.unusable = 1};
    special.gdt.base = gdt_at, special.gdt.limit = 0x7f;
    special.idt.base = idt_at, special.idt.limit = 0xfff;
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entries[3];
    } registers = {.head.nmsrs = 3, .entries = {
        {.index = 0xc0000081, .data = 0x0023001000000000}, {.index = 0xc0000082, .data = stub_at}, {.index = 0xc0000084}}};
    require(ioctl(vcpu, KVM_SET_SREGS, &special) == 0 && ioctl(vcpu, KVM_SET_MSRS, &registers) == 3, "cannot set up the vCPU");
}

static void start_program(uint64_t calls)
{
    struct kvm_regs registers = {.rip = program_at, .rflags = 2, .rsp = stack_top, .rbx = calls};
    run->kvm_dirty_regs = 0;
    require(ioctl(vcpu, KVM_SET_REGS, &registers) == 0, "cannot set registers");
    // The way out of a stub at ring 0 leaves segments that a fresh start must not have.
    struct kvm_sregs special;
    require(ioctl(vcpu, KVM_GET_SREGS, &special) == 0, "cannot read special registers");
    if (special.cs.dpl != 3)
        set_up_vcpu();
}

// Runs until the program's end; returns how many calls left by an exit.
static uint64_t run_program(void)
{
    for (uint64_t exits = 0;; exits++) {
        require(ioctl(vcpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_IO, "an exit that nobody expects");
        if (run->io.port == end_port)
            return exits;
        if (way == by_registers || way == by_special) {
            run->s.regs.regs.rax = answer_given;
            run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
        }
    }
}

static void *attend(void *unused)
{
    // Not what was asked, for the program may have asked already.
    uint32_t last = slot->answered;
    while (attending) {
        uint32_t asked = __atomic_load_n(&slot->asked, __ATOMIC_ACQUIRE);
        if (asked == last) {
            __builtin_ia32_pause();
            continue;
        }
        last = asked;
        slot->answer = answer_given;
        __atomic_store_n(&slot->answered, asked, __ATOMIC_RELEASE);
    }
    return unused;
}

static struct round transition_round(uint64_t calls)
{
    const uint64_t warm_up = 200;
    pthread_t attendant;
    attending = 1;
    require(way != by_attendant || pthread_create(&attendant, 0, attend, 0) == 0, "cannot make a thread");
    start_program(warm_up);
    run_program();
    start_program(calls);
    uint64_t begin = now_ns(), exits = run_program(), end = now_ns();
    attending = 0;
    if (way == by_attendant)
        pthread_join(attendant, 0);
    require(exits == (way <= by_special ? calls : 0), "not every call took its way");
    return (struct round){end - begin, calls};
}

// One call by an exit tells the ring in which this KVM runs the stub, and so how the stub must return.
static int stub_runs_at_ring0(void)
{
    static const uint8_t leave_only[] = {0xe6, end_port, 0xf4};
    struct kvm_sregs special;
    put(stub_at, leave_only, sizeof leave_only);
    start_program(1);
    run_program();
    require(ioctl(vcpu, KVM_GET_SREGS, &special) == 0, "cannot read special registers");
    return special.cs.dpl == 0;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"exit", "exit-registers", "exit-special", "attendant", "stub"};
    for (unsigned i = 0; argc == 2 && i < sizeof names / sizeof *names; i++) {
        if (strcmp(argv[1], names[i]) != 0)
            continue;
        make_vm();
        write_tables();
        write_program();
        set_up_vcpu();
        int at_ring0 = stub_runs_at_ring0();
        way = i;
        write_stub(at_ring0);
        run->kvm_valid_regs = way == by_special ? KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS : way == by_registers ? KVM_SYNC_X86_REGS : 0;
        return serve(transition_round);
    }
    fputs("usage: bare_transition exit|exit-registers|exit-special|attendant|stub\n", stderr);
    return 2;
}

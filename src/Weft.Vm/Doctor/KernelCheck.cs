using Weft.Native;

namespace Weft.Vm.Doctor;

/// <summary>What the host's kernel offers besides KVM.</summary>
internal static class KernelCheck
{
    private const long NoDescriptor = -1;

    internal static void Add(List<Finding> findings)
    {
        findings.Add(new Finding("kernel", FindingState.Information, HostFile.Read("/proc/sys/kernel/osrelease") ?? "unknown"));
        AddUserFault(findings);
        findings.Add(Probe("memfd", SystemCall.MemfdCreate, "no memory can be shared between VMs", "use Linux 3.17 or newer"));
        findings.Add(Probe("openat2", SystemCall.Openat2, "--root, --bind and --read-only are refused", "use Linux 5.6 or newer, and a sandbox that lets openat2 through"));
        findings.Add(Probe("faccessat2", SystemCall.Faccessat2, "whether a program may be executed is told by its mode bits only", "use Linux 5.8 or newer"));
    }

    private static void AddUserFault(List<Finding> findings)
    {
        const int closeOnExec = 0x80000, userModeOnly = 1;
        long descriptor = HostStubs.CallQuick(SystemCall.Userfaultfd, closeOnExec);
        if (descriptor >= 0)
        {
            HostStubs.CallQuick(SystemCall.Close, descriptor);
            findings.Add(new Finding("userfaultfd", FindingState.Good, "yes, faults of the kernel included"));
            return;
        }
        descriptor = HostStubs.CallQuick(SystemCall.Userfaultfd, closeOnExec | userModeOnly);
        if (descriptor >= 0)
            HostStubs.CallQuick(SystemCall.Close, descriptor);
        findings.Add(new Finding("userfaultfd", FindingState.Limited, descriptor >= 0 ? "faults of user mode only" : $"refused ({(Errno)(-descriptor)})",
            "memory can't be shared between machines", "sysctl -w vm.unprivileged_userfaultfd=1, or allow this user /dev/userfaultfd"));
    }

    /// <summary>A call with arguments that it must refuse tells whether the kernel has it.</summary>
    private static Finding Probe(string id, SystemCall call, string without, string remedy)
    {
        long result = HostStubs.CallQuick(call, NoDescriptor, 0, 0, 0);
        return (Errno)(-result) is Errno.ENOSYS or Errno.EPERM
            ? new Finding(id, FindingState.Limited, "missing", without, remedy)
            : new Finding(id, FindingState.Good, "yes");
    }
}

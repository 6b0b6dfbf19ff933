using Weft.Native;

namespace Weft.Linux;

/// <summary>All system calls: dispatch by number, and the support matrix. Generated from <see cref="SystemCallAttribute"/>.</summary>
public static partial class SystemCallTable
{
    private static readonly Lazy<SystemCallInfo[]> LazyInfos = new(CreateInfos);

    /// <summary>The handled calls by number.</summary>
    public static IReadOnlyList<SystemCallInfo> Infos => LazyInfos.Value;

    /// <summary>Runs a system call for a thread that waits for it. Any thread of the VMM may call it.</summary>
    public static SyscallResult Dispatch(GuestThread thread, ulong number, in SyscallArguments arguments) =>
        DispatchKnown(thread, number, arguments);

    private static partial SyscallResult DispatchKnown(GuestThread thread, ulong number, in SyscallArguments arguments);

    private static partial SystemCallInfo[] CreateInfos();

    private static SyscallResult UnknownCall(GuestThread thread, ulong number)
    {
        thread.Kernel.Statistics.CountUnknown(number);
        return Errno.ENOSYS;
    }
}

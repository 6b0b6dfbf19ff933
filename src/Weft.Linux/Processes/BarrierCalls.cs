using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>membarrier(2): the host's, which reaches every vCPU because their threads share the VMM's memory map.</summary>
internal static class BarrierCalls
{
    private const int Query = 0, Global = 1, GlobalExpedited = 2, RegisterGlobalExpedited = 4, PrivateExpedited = 8,
        RegisterPrivateExpedited = 16, PrivateExpeditedSyncCore = 32, RegisterPrivateExpeditedSyncCore = 64, GetRegistrations = 512;

    private const int Known = Global | GlobalExpedited | RegisterGlobalExpedited | PrivateExpedited | RegisterPrivateExpedited
        | PrivateExpeditedSyncCore | RegisterPrivateExpeditedSyncCore | GetRegistrations;

    [SystemCall(SystemCall.Membarrier, SupportState.Partly, Missing = "not the commands for restartable sequences (EINVAL)")]
    internal static SyscallResult Membarrier(GuestThread thread, int command, uint flags)
    {
        if (flags != 0)
            return Errno.EINVAL;
        ProcessAttributes attributes = thread.Process.Attributes;
        switch (command)
        {
            case Query:
                long offered = HostStubs.CallQuick(SystemCall.Membarrier, Query);
                return offered < 0 ? offered : offered & Known;
            case RegisterGlobalExpedited or RegisterPrivateExpedited or RegisterPrivateExpeditedSyncCore:
                long result = HostStubs.Call(SystemCall.Membarrier, command);
                if (result == 0)
                    attributes.RegisteredBarriers |= command;
                return result;
            // .NET registers the VMM for its own use: whether the program has is for us to say.
            case PrivateExpedited when (attributes.RegisteredBarriers & RegisterPrivateExpedited) == 0:
            case PrivateExpeditedSyncCore when (attributes.RegisteredBarriers & RegisterPrivateExpeditedSyncCore) == 0:
                return Errno.EPERM;
            case Global or GlobalExpedited or PrivateExpedited or PrivateExpeditedSyncCore:
                return HostStubs.Call(SystemCall.Membarrier, command);
            case GetRegistrations:
                return attributes.RegisteredBarriers;
            default:
                return Errno.EINVAL;
        }
    }
}

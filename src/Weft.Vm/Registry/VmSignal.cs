using System.Globalization;
using Weft.Native;

namespace Weft.Vm.Registry;

/// <summary>Sends signals to running VMs: to the VMM's process, whose id is the program's.</summary>
public static class VmSignal
{
    /// <summary>The VMs that a word means: a process id, or a name.</summary>
    /// <exception cref="IOException">No VM, or several, are meant.</exception>
    public static VmRecord Find(IReadOnlyList<VmRecord> running, string target)
    {
        VmRecord[] found = int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? [.. running.Where(record => record.ProcessId == id)] : [];
        if (found.Length == 0)
            found = [.. running.Where(record => record.Name == target && target.Length > 0)];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new IOException($"no running VM has the name or process id '{target}'; see 'weft ps'"),
            _ => throw new IOException($"several VMs are named '{target}': say which by process id ({string.Join(", ", found.Select(record => $"{record.ProcessId}"))})"),
        };
    }

    /// <summary>The running VMs of a group.</summary>
    /// <exception cref="IOException">There are none.</exception>
    public static IReadOnlyList<VmRecord> FindGroup(IReadOnlyList<VmRecord> running, string group)
    {
        VmRecord[] found = [.. running.Where(record => record.Group == group && group.Length > 0)];
        return found.Length > 0 ? found : throw new IOException($"no running VM is in the group '{group}'; see 'weft ps'");
    }

    /// <summary>Sends a signal. False when the VM has ended meanwhile.</summary>
    /// <exception cref="IOException">The host refuses it.</exception>
    public static bool TrySend(string directory, VmRecord record, int signal)
    {
        ArgumentNullException.ThrowIfNull(record);
        long process = HostStubs.Call(SystemCall.PidfdOpen, record.ProcessId);
        if (process < 0)
            return process == -(long)Errno.ESRCH ? false : throw Refused(record, process);
        try
        {
            // Looked at again: from here on the descriptor means this VM, even if the id is given to another process.
            if (VmRegister.Find(directory, record.ProcessId) is not { } now || now.StartedAt != record.StartedAt)
                return false;
            long result = HostStubs.Call(SystemCall.PidfdSendSignal, process, signal);
            return result >= 0 || (result == -(long)Errno.ESRCH ? false : throw Refused(record, result));
        }
        finally
        {
            HostStubs.Call(SystemCall.Close, process);
        }
    }

    private static IOException Refused(VmRecord record, long result) =>
        new($"the VM {record.ProcessId} can't be signalled ({Linux.ErrorText.Of((Errno)(-result))})");
}

using System.Text;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>The VMM of a forked process: a host child of this one, in its process group and session.</summary>
internal static class Offspring
{
    private const int HighestStandard = 2, GetDescriptorFlags = 1;

    /// <summary>Starts it. Returns its process id, or -errno.</summary>
    /// <param name="state">The process.</param>
    /// <param name="file">The state's file.</param>
    /// <param name="parent">The thread that forks: until the child takes its signals they wait, as that thread would have it.</param>
    internal static int Start(ProcessState state, int file, GuestThread parent)
    {
        HashSet<int> descriptors = [.. state.HostDescriptors(), file];
        // What the runtime may write to must not become something else's number.
        for (int standard = 0; standard <= HighestStandard; standard++)
            if (HostStubs.CallQuick(SystemCall.Fcntl, standard, GetDescriptorFlags) >= 0)
                descriptors.Add(standard);
        string name = Encoding.UTF8.GetString(parent.Process.Image?.Arguments is [{ } first, ..] ? first : []);
        return HostProcess.StartChild("/proc/self/exe",
            StateFile.CommandLine(file, name), Successor.HostVariables(), descriptors, HostSignals.MaskOfChild(parent.Signals.LastingMask).Bits);
    }
}

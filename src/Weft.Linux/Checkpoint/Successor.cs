using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Loading;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>The VMM that takes this one's place in the same host process, with another program.</summary>
internal static class Successor
{
    private const int SetDescriptorFlags = 2, HighestStandard = 2;

    /// <summary>Executes a program that was found and checked. Returns an error, or never.</summary>
    internal static SyscallResult Start(GuestThread thread, OpenedProgram program, IReadOnlyList<byte[]> environment)
    {
        if (InPlace.Serves(thread))
            return InPlace.Start(thread, program, environment);
        Kernel kernel = thread.Kernel;
        // First, while a signal that came may still end the VM.
        thread.Process.Signals.Host?.HoldForSuccessor();
        if (!kernel.TryBeginReplacing())
            Thread.Sleep(Timeout.Infinite);
        thread.Process.StopOthers(thread);
        kernel.Replacing?.Invoke(thread);
        kernel.WaitingParent?.Release();
        Threads.ExitCalls.LeaveMemory(thread);
        ProcessState state = ProcessState.ForExec(thread, new ProgramState(program.Path, program.Descriptor, program.Arguments, environment));
        long file = StateFile.Create(state);
        if (file >= 0)
        {
            HandOver(state, (int)file);
            file = HostProcess.Become("/proc/self/exe", StateFile.CommandLine(file, Encoding.UTF8.GetString(program.Path)), HostVariables());
        }
        // The program has lost its handlers, threads and timers already: Linux kills it too where exec fails this late.
        kernel.Statistics.SayOnce("exec", $"the VM could not be replaced by another one ({ErrorText.Of((Errno)(-file))}); the program was killed");
        kernel.EndReplacing();
        kernel.EndBySignal(SignalNumber.SIGKILL);
        return (Errno)(-file);
    }

    /// <summary>The VMM's own environment, which the program can't change.</summary>
    internal static string[] HostVariables() =>
        [.. Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(static variable => !variable.StartsWith("WEFT_CALLER_ENVIRONMENT=", StringComparison.Ordinal))];

    /// <summary>Lets the successor have exactly the descriptors of its state, beside standard ones that lead nowhere.</summary>
    private static void HandOver(ProcessState state, int file)
    {
        HashSet<int> kept = [.. state.HostDescriptors(), file];
        foreach (int descriptor in kept)
            HostStubs.CallQuick(SystemCall.Fcntl, descriptor, SetDescriptorFlags, 0);
        for (int standard = 0; standard <= HighestStandard; standard++)
            if (!kept.Contains(standard))
                InheritedFiles.LeadNowhere(standard, 0);
    }
}

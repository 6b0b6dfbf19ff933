using System.Buffers.Binary;
using Weft.Linux.Loading;
using Weft.Linux.Memory;
using Weft.Linux.Signals;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// An exec that keeps the VM and its VMM, where the process has one thread and nothing outside holds its memory: a VMM's end
/// and start, some 25 ms, are saved, which is what a forked child mostly does.
/// </summary>
internal static class InPlace
{
    // The processor's state after a reset: x87 control word, MXCSR; no component in use. Source: Intel SDM volume 1, 13.4.
    private const int ControlWordAt = 0, MxcsrAt = 24;
    private const ushort InitialControlWord = 0x37f;
    private const uint InitialMxcsr = 0x1f80;

    /// <summary>Whether a thread's exec can be one: else it takes a new VMM.</summary>
    internal static bool Serves(GuestThread thread)
    {
        Kernel kernel = thread.Kernel;
        return thread.Process.ThreadCount == 1 && kernel.Group is null && kernel.Adapter is null && kernel.Options.MemoryLimitBytes is null && !kernel.IsObserved;
    }

    /// <summary>Puts a program that was found and checked in the place of the thread's. The program is killed where that fails now.</summary>
    internal static SyscallResult Start(GuestThread thread, OpenedProgram program, IReadOnlyList<byte[]> environment)
    {
        Kernel kernel = thread.Kernel;
        Process process = thread.Process;
        kernel.WaitingParent?.Release();
        kernel.WaitingParent = null;
        Threads.ExitCalls.LeaveMemory(thread);
        Reset(thread);
        try
        {
            process.Memory.Unmap(AddressSpace.LowestAddress, AddressSpace.End - AddressSpace.LowestAddress);
            new ProgramLoader(process, file => process.Paths.OpenHost(thread, file).Value).Load(program, environment, thread);
        }
        catch (LoadException failure)
        {
            kernel.Statistics.SayOnce("exec", $"the program could not be replaced by another one ({failure.Message}); it was killed");
            kernel.EndBySignal(SignalNumber.SIGKILL);
        }
        kernel.IsForked = false;
        kernel.Replaced?.Invoke(program.Arguments is [{ } name, ..] ? name : program.Path);
        return SyscallResult.RegistersSet;
    }

    /// <summary>What execve(2) resets of the process and the thread.</summary>
    private static void Reset(GuestThread thread)
    {
        Process process = thread.Process;
        process.Files.CloseForExec();
        process.Signals.ResetForExec(thread.Signals);
        process.Attributes.Dumpable = 1;
        process.Attributes.RegisteredBarriers = 0;
        thread.Attributes.KeepsCapabilities = false;
        thread.ClearChildTid = default;
        thread.RobustList = default;
        thread.Vcpu.FsBase = 0;
        thread.Vcpu.GsBase = 0;
        byte[] vector = new byte[thread.Vcpu.VectorStateBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(vector.AsSpan(ControlWordAt), InitialControlWord);
        BinaryPrimitives.WriteUInt32LittleEndian(vector.AsSpan(MxcsrAt), InitialMxcsr);
        thread.Vcpu.TryWriteVectorState(vector);
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>
/// With --vcpus below what the host has, all threads of the VM share that many of the host's processors: always
/// the same ones for a VM, spread over VMs by process id.
/// </summary>
internal static class ProcessorShare
{
    private const int MaskBytes = 1024;

    /// <summary>Confines the calling host thread, which runs a guest thread.</summary>
    internal static void Apply(KernelOptions options, int processId)
    {
        if (options.ProcessorCount >= Environment.ProcessorCount)
            return;
        using NativeBuffer buffer = new(MaskBytes);
        long bytes = HostStubs.CallQuick(SystemCall.SchedGetaffinity, 0, MaskBytes, (long)buffer.Address.Value);
        if (bytes <= 0)
            return;
        Span<ulong> mask = MemoryMarshal.Cast<byte, ulong>(buffer.Span[..(int)bytes]);
        List<int> allowed = [];
        for (int word = 0; word < mask.Length; word++)
            for (ulong rest = mask[word]; rest != 0; rest &= rest - 1)
                allowed.Add(word * 64 + BitOperations.TrailingZeroCount(rest));
        if (allowed.Count <= options.ProcessorCount)
            return;
        mask.Clear();
        for (int index = 0; index < options.ProcessorCount; index++)
        {
            int processor = allowed[(int)(((uint)processId + (uint)index) % (uint)allowed.Count)];
            mask[processor / 64] |= 1UL << processor % 64;
        }
        HostStubs.CallQuick(SystemCall.SchedSetaffinity, 0, bytes, (long)buffer.Address.Value);
    }
}

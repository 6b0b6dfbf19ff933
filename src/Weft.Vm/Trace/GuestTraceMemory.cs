using Weft.Linux.Memory;

namespace Weft.Vm.Trace;

/// <summary>The memory of a running program.</summary>
internal sealed class GuestTraceMemory(AddressSpace memory) : ITraceMemory
{
    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination) => memory.TryRead(new(address), destination);
}

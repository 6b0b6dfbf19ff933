namespace Weft.Vm.Trace;

/// <summary>The traced program's memory, as far as a trace line shows it.</summary>
public interface ITraceMemory
{
    /// <summary>Copies out of the program's memory. False when any of it isn't there; never throws.</summary>
    bool TryRead(ulong address, Span<byte> destination);
}

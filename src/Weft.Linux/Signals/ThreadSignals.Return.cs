using Weft.Machine;

namespace Weft.Linux.Signals;

public sealed partial class ThreadSignals
{
    /// <summary>
    /// rt_sigreturn: takes registers, vector state, mask and alternate stack from the frame at the stack pointer. A frame
    /// that can't be read or loaded raises SIGSEGV. Source: linux/arch/x86/kernel/signal_64.c.
    /// </summary>
    internal void ReturnFromHandler()
    {
        // The handler's ret took the restorer's address off the frame.
        GuestVirtualAddress address = new(unchecked(_thread.Registers.Rsp - sizeof(ulong)));
        if (!_thread.Memory.TryRead(address, out SignalFrame frame))
        {
            ForceSegmentationFault();
            return;
        }
        SetMask(new SignalSet(frame.Mask));
        if (!frame.HasUsableSegments)
        {
            ForceSegmentationFault();
            return;
        }
        frame.Load(ref _thread.Registers);
        _thread.Vcpu.RegistersChanged();
        if (!TryRestoreVectorState(frame.VectorState))
        {
            ForceSegmentationFault();
            return;
        }
        _alternateStack.TrySet(frame.Stack, _thread.Registers.Rsp);
        CheckInstruction(frame.Rip);
    }

    private bool TryRestoreVectorState(ulong address)
    {
        const int legacyBytes = 512;
        const ulong legacyAlignment = 16, alignment = 64;
        VectorStateLayout layout = Layout();
        if (address == 0)
            VectorStateLayout.Initialise(_vectorState);
        else
        {
            Span<byte> inFrame = _frame.AsSpan(0, layout.FrameBytes);
            if (address % legacyAlignment != 0 || !_thread.Memory.TryRead(new(address), inFrame[..legacyBytes]))
                return false;
            int length = layout.BytesToRead(inFrame);
            if (length > legacyBytes)
            {
                if (address % alignment != 0 || !_thread.Memory.TryRead(new(address + legacyBytes), inFrame[legacyBytes..length]))
                    return false;
            }
            if (!layout.TryRestore(inFrame[..length], _vectorState))
                return false;
        }
        return _thread.Vcpu.TryWriteVectorState(_vectorState);
    }
}

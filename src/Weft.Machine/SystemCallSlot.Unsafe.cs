using Weft.Kvm;
using Weft.Native;

namespace Weft.Machine;

/// <summary>
/// The page through which a vCPU's stub asks for system calls without an exit. The program can write to it too:
/// whatever stands in it is only ever a system call of this program, and is copied once before it is used.
/// </summary>
/// <remarks>
/// Protocol: the stub writes number and arguments, then state = posted (x86 keeps stores in order). The attendant
/// takes it by an atomic exchange posted → taken, so that only one side serves; it writes the result, then state =
/// answered. The stub that loses patience exchanges posted → idle and leaves by an exit.
/// </remarks>
public sealed unsafe class SystemCallSlot
{
    private const int Idle = 0, Posted = 1, Taken = 2, Answered = 3, Declined = 4;
    private readonly byte* _code;
    private readonly byte* _data;
    private readonly ulong _codeAddress;

    // Whether the attendant is at a call of this slot: the slot's own word for it can be forged.
    private bool _isServing;

    internal SystemCallSlot(HostAddress block, ulong blockAddress)
    {
        _code = (byte*)block.Value + SystemLayout.SystemCallStub;
        _data = (byte*)block.Value + SystemLayout.SystemCallSlot;
        _codeAddress = blockAddress + SystemLayout.SystemCallStub;
    }

    /// <summary>The most answers that the stub can give by itself.</summary>
    public const int AnswerCount = SystemCallStub.AnswerCount;

    /// <summary>System calls from this number on always exit.</summary>
    public const int WayCount = SystemCallStub.WayCount;

    /// <summary>How often the stub looks before it leaves by an exit: until its call is taken, and then until it is answered. Both above 0.</summary>
    public void SetPatience(uint untilTaken, uint untilAnswered)
    {
        // SAFETY: both words lie inside the slot page.
        Volatile.Write(ref *(uint*)(_data + SystemCallStub.Patience), untilTaken);
        Volatile.Write(ref *(uint*)(_data + SystemCallStub.PatienceTaken), untilAnswered);
    }

    /// <summary>Whether the attendant is polling; while it isn't, the stub doesn't post.</summary>
    public bool IsAttended { set => Volatile.Write(ref *(uint*)(_data + SystemCallStub.Awake), value ? 1u : 0u); }

    /// <summary>True when the stub ran at CPL 0, as on VMX and SVM: its way out must then be sysretq.</summary>
    public void ReturnBySysRet() => SystemCallStub.SysRet.CopyTo(new Span<byte>(_code + SystemCallStub.WayOutJump, SystemCallStub.SysRet.Length));

    /// <summary>Sets the way of every call: 0 by an exit, 1 by the attendant, 2 + n answered with answer n.</summary>
    public void SetWays(ReadOnlySpan<byte> ways, ReadOnlySpan<ulong> answers)
    {
        // SAFETY: both tables lie inside the slot page; the spans are cut to their sizes.
        answers[..Math.Min(answers.Length, AnswerCount)].CopyTo(new Span<ulong>(_data + SystemCallStub.Answer, AnswerCount));
        ways[..Math.Min(ways.Length, WayCount)].CopyTo(new Span<byte>(_data + SystemCallStub.Way, WayCount));
    }

    /// <summary>How often the stub gave an answer by itself. The program can write to it: for statistics only.</summary>
    public long AnswerUses(int answer) =>
        (uint)answer < AnswerCount ? Volatile.Read(ref *(long*)(_data + SystemCallStub.AnswerCounts + answer * sizeof(long))) : 0;

    /// <summary>Sets the way of one call.</summary>
    /// <param name="number">Below <see cref="WayCount"/>.</param>
    /// <param name="way">As in <see cref="SetWays"/>.</param>
    public void SetWay(int number, byte way)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)WayCount);
        Volatile.Write(ref _data[SystemCallStub.Way + number], way);
    }

    /// <summary>For the attendant: takes a posted call. False when there is none.</summary>
    /// <param name="number">RAX.</param>
    /// <param name="arguments">Six words: RDI, RSI, RDX, R10, R8, R9.</param>
    public bool TryTake(out ulong number, Span<ulong> arguments)
    {
        number = 0;
        if (Volatile.Read(ref State) != Posted)
            return false;
        // Before the exchange, which is a full fence: whoever sees a true "taken" sees this too.
        Volatile.Write(ref _isServing, true);
        if (Interlocked.CompareExchange(ref State, Taken, Posted) != Posted)
        {
            Volatile.Write(ref _isServing, false);
            return false;
        }
        number = *(ulong*)(_data + SystemCallStub.Number);
        new ReadOnlySpan<ulong>(_data + SystemCallStub.Argument, arguments.Length).CopyTo(arguments);
        return true;
    }

    /// <summary>For the attendant: answers the call that it took.</summary>
    public void Answer(ulong result)
    {
        *(ulong*)(_data + SystemCallStub.Result) = result;
        Volatile.Write(ref State, Answered);
        Volatile.Write(ref _isServing, false);
    }

    /// <summary>For the attendant: the call that it took must leave by an exit after all.</summary>
    public void Decline()
    {
        Volatile.Write(ref State, Declined);
        Volatile.Write(ref _isServing, false);
    }

    /// <summary>
    /// For the vCPU's thread, with the vCPU stopped: takes back what was posted, or waits for the attendant that
    /// took it. True when it was answered. A state that the program forged counts as nothing posted.
    /// </summary>
    public bool Reclaim(out ulong result)
    {
        SpinWait spin = default;
        while (true)
        {
            switch (Volatile.Read(ref State))
            {
                case Answered:
                    result = *(ulong*)(_data + SystemCallStub.Result);
                    Volatile.Write(ref State, Idle);
                    return true;
                case Taken when Volatile.Read(ref _isServing):
                    spin.SpinOnce();
                    break;
                case Taken when Volatile.Read(ref State) != Taken:
                    // Answered between the two looks.
                    break;
                case Posted when Interlocked.CompareExchange(ref State, Idle, Posted) != Posted:
                    break;
                default:
                    Volatile.Write(ref State, Idle);
                    result = 0;
                    return false;
            }
        }
    }

    /// <summary>
    /// Brings a vCPU that was stopped inside its stub out of it. True when the call is complete and the registers are
    /// the program's after it; false when RAX and the arguments stand and the call has to be answered now.
    /// </summary>
    internal bool Unwind(ref KvmRegisters registers)
    {
        int at = (int)(registers.Rip - _codeAddress);
        ulong savedRcx = *(ulong*)(_data + SystemCallStub.SavedRcx), savedR11 = *(ulong*)(_data + SystemCallStub.SavedR11);
        if (at > SystemCallStub.Saved2)
        {
            registers.Rcx = savedRcx;
            registers.R11 = savedR11;
        }
        registers.Rip = registers.Rcx;
        registers.Rflags = registers.R11;
        if (at >= SystemCallStub.WayOut || at == SystemCallStub.AnswerLoaded)
        {
            if (at >= SystemCallStub.Switched && at < SystemCallStub.Restored)
                registers.Rsp = *(ulong*)(_data + SystemCallStub.SavedRsp);
            return true;
        }
        if (at < SystemCallStub.Posted || (at >= SystemCallStub.Leave && at < SystemCallStub.Answered))
            return false;
        registers.Rax = *(ulong*)(_data + SystemCallStub.Number);
        if (!Reclaim(out ulong result))
            return false;
        registers.Rax = result;
        return true;
    }

    private ref int State => ref *(int*)(_data + SystemCallStub.State);
}

using System.Diagnostics;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

/// <summary>
/// A thread of the VMM that answers system calls without an exit: it polls the slots of all running vCPUs.
/// It polls only while calls keep coming and a core is free for it, and sleeps else.
/// </summary>
/// <remarks>
/// Sleeping: it takes the slots' flag away, fences, looks at all slots once more, and waits on a futex. A stub that
/// posted before it saw the flag is served by that last look, or loses patience and leaves by an exit: no call is lost.
/// </remarks>
public sealed unsafe class Attendant
{
    // Measured here: an exit costs 27 to 47 us, an answer 1.4; one wake-up of another core 24.
    private const int IdleSpinUs = 300;
    private const int ForcedIdleSpinUs = 5_000;
    private const int BurstGapUs = 150;
    private const int BurstLength = 4;
    private const int PreemptedGapUs = 80;
    private const int FirstPenaltyUs = 5_000, LongestPenaltyUs = 1_000_000;
    private const int RecentUs = 5_000;
    // Looks of the stub, some 50 ns each: an attendant that polls takes a call at once; work may be a file's map.
    private const uint PatienceUntilTaken = 200, PatienceUntilAnswered = 2_000;
    private const int SnapshotChecksPerTurn = 64;
    private const int FutexWaitPrivate = 128, FutexWakePrivate = 129;

    private static readonly int HostProcessors = Environment.ProcessorCount;
    private readonly Kernel _kernel;
    private readonly bool _forced;
    private readonly NativeBuffer _sleepWord = new(4096);
    private readonly byte[] _ways = new byte[SystemCallSlot.WayCount];
    private readonly long _ticksPerUs = Math.Max(1, Stopwatch.Frequency / 1_000_000);
    private readonly Lock _threadsLock = new();
    private GuestThread[] _threads = [];
    private long _notBefore;
    private int _penaltyUs = FirstPenaltyUs;
    private int _started;
    private int _wakersCore;
    private volatile bool _awake;

    internal Attendant(Kernel kernel)
    {
        _kernel = kernel;
        _forced = kernel.Options.SystemCalls == SystemCallMode.Attendant;
        foreach (SystemCallInfo info in SystemCallTable.Infos)
            if (info.Number < _ways.Length && (info.Ways & CallWays.Attendant) != 0)
                _ways[info.Number] = 1;
        if (_forced || !kernel.Options.AnswersInStub)
            return;
        const int firstAnswer = 2;
        for (int index = 0; index < StubAnswers.Calls.Length; index++)
            _ways[(int)StubAnswers.Calls[index]] = (byte)(firstAnswer + index);
    }

    /// <summary>Whether slots are in use at all.</summary>
    internal bool IsEnabled => _kernel.Options.SystemCalls != SystemCallMode.Exit;

    /// <summary>Calls answered without an exit.</summary>
    public long Answered { get; private set; }

    /// <summary>Gives a thread's vCPU its ways. On the first call of the VM, tells how the stub must return.</summary>
    internal void Enable(GuestThread thread)
    {
        if (thread.Vcpu.StubRunsAtRing0)
            thread.Vcpu.Slot.ReturnBySysRet();
        Span<ulong> answers = stackalloc ulong[SystemCallSlot.AnswerCount];
        for (int index = 0; index < StubAnswers.Calls.Length; index++)
            answers[index] = (ulong)SystemCallTable.Dispatch(thread, (ulong)StubAnswers.Calls[index], default).Value;
        thread.Vcpu.Slot.SetPatience(PatienceUntilTaken, PatienceUntilAnswered);
        thread.Vcpu.Slot.SetWays(_ways, answers);
        thread.Vcpu.Slot.IsAttended = _awake;
        lock (_threadsLock)
            Volatile.Write(ref _threads, [.. _threads.Where(other => other != thread), thread]);
    }

    /// <summary>Forgets a finished thread.</summary>
    internal void Disable(GuestThread thread)
    {
        thread.Vcpu.Slot.SetWays(new byte[SystemCallSlot.WayCount], []);
        lock (_threadsLock)
            Volatile.Write(ref _threads, [.. _threads.Where(other => other != thread)]);
    }

    /// <summary>Called for each call that left by an exit though the attendant could have served it; wakes it when that pays.</summary>
    internal void NoticeExit(GuestThread thread, ulong number)
    {
        if (number >= (ulong)_ways.Length || _ways[number] != 1)
            return;
        if (thread.Declined.MayAskAgain((int)number))
            thread.Vcpu.Slot.SetWay((int)number, 1);
        if (_awake)
            return;
        long now = Stopwatch.GetTimestamp();
        bool close = now - thread.LastAttendableExit < BurstGapUs * _ticksPerUs;
        thread.LastAttendableExit = now;
        thread.AttendableBurst = close ? thread.AttendableBurst + 1 : 0;
        if (_forced || (thread.AttendableBurst >= BurstLength && now >= Volatile.Read(ref _notBefore) && HasFreeCore(now)))
            Wake();
    }

    /// <summary>
    /// Whether a core is left beside the threads that want one. Threads that take turns (a ping-pong over a pipe) are
    /// never runnable both at once, yet an attendant on the second core would delay each wake-up: so those that
    /// waited for a moment only count too.
    /// </summary>
    private bool HasFreeCore(long now)
    {
        long recently = now - RecentUs * _ticksPerUs;
        int wanting = 0;
        foreach (GuestThread thread in Volatile.Read(ref _threads))
            if (thread.WantsCoreSince(recently))
                wanting++;
        return wanting < HostProcessors;
    }

    private void Wake()
    {
        Volatile.Write(ref _wakersCore, CurrentCore());
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            new Thread(Poll, 256 << 10) { IsBackground = true, Name = "attendant" }.Start();
            return;
        }
        if (Interlocked.CompareExchange(ref SleepWord, 0, 1) == 1)
            HostStubs.CallQuick(SystemCall.Futex, (long)_sleepWord.Address.Value, FutexWakePrivate, 1);
    }

    private void Poll()
    {
        Span<ulong> words = stackalloc ulong[6];
        while (true)
        {
            long answered = Answered;
            // On the core of the thread that woke it, it would only stand in that one's way: no other core was free.
            if (_forced || CurrentCore() != Volatile.Read(ref _wakersCore))
            {
                SetAwake(true);
                PollWhileItPays(words);
                SetAwake(false);
                Interlocked.MemoryBarrier();
                Serve(words);
            }
            if (Answered == answered)
                StayAway();
            Volatile.Write(ref SleepWord, 1);
            HostStubs.Call(SystemCall.Futex, (long)_sleepWord.Address.Value, FutexWaitPrivate, 1);
            Volatile.Write(ref SleepWord, 0);
        }
    }

    private void PollWhileItPays(Span<ulong> words)
    {
        long idleTicks = (_forced ? ForcedIdleSpinUs : IdleSpinUs) * _ticksPerUs, preemptedTicks = PreemptedGapUs * _ticksPerUs;
        long lastCall = Stopwatch.GetTimestamp(), lastTurn = lastCall;
        for (int turn = 0; ; turn++)
        {
            if (Serve(words))
                lastCall = lastTurn = Stopwatch.GetTimestamp();
            else if (turn % SnapshotChecksPerTurn == 0)
            {
                long now = Stopwatch.GetTimestamp();
                if (now - lastCall > idleTicks)
                {
                    _penaltyUs = Math.Max(FirstPenaltyUs, _penaltyUs / 2);
                    return;
                }
                if (!_forced && (now - lastTurn > preemptedTicks || !HasFreeCore(now)))
                {
                    StayAway();
                    return;
                }
                lastTurn = now;
            }
            else
                Thread.SpinWait(1);
        }
    }

    /// <summary>Someone else wants the core, or nobody wanted an answer: it sleeps for longer each time.</summary>
    private void StayAway()
    {
        _penaltyUs = Math.Min(LongestPenaltyUs, _penaltyUs * 2);
        Volatile.Write(ref _notBefore, Stopwatch.GetTimestamp() + _penaltyUs * _ticksPerUs);
    }

    private static int CurrentCore()
    {
        uint core;
        // SAFETY: the host's kernel writes one word to a local of that size.
        HostStubs.CallQuick(SystemCall.Getcpu, (long)&core);
        return (int)core;
    }

    private bool Serve(Span<ulong> words)
    {
        bool served = false;
        foreach (GuestThread thread in Volatile.Read(ref _threads))
        {
            if (!thread.Vcpu.Slot.TryTake(out ulong number, words))
                continue;
            served = true;
            Answered++;
            SyscallArguments arguments = new(words[0], words[1], words[2], words[3], words[4], words[5]);
            if (thread.TryAnswerForAttendant(number, arguments, _ways, out SyscallResult result))
            {
                thread.Declined.Answered((int)number);
                thread.Vcpu.Slot.Answer((ulong)result.Value);
                continue;
            }
            if (number < (ulong)_ways.Length)
            {
                thread.Declined.Declined((int)number);
                thread.Vcpu.Slot.SetWay((int)number, 0);
            }
            thread.Vcpu.Slot.Decline();
        }
        return served;
    }

    private void SetAwake(bool awake)
    {
        _awake = awake;
        foreach (GuestThread thread in Volatile.Read(ref _threads))
            thread.Vcpu.Slot.IsAttended = awake;
    }

    private ref int SleepWord => ref *(int*)_sleepWord.Address.Value;
}

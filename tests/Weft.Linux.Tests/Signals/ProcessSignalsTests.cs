using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Signals;

public sealed class ProcessSignalsTests
{
    private const ulong Handler = 0x401000;

    [KvmFact]
    public void A_standard_signal_that_waits_is_not_queued_twice()
    {
        (Process process, GuestThread[] threads) = Create(1);
        threads[0].Signals.SetMask(new SignalSet(ulong.MaxValue));
        for (int i = 0; i < 3; i++)
            process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.True(process.Signals.TryTake(threads[0].Signals, SignalSet.Of(SignalNumber.SIGUSR1), out _));
        Assert.False(process.Signals.TryTake(threads[0].Signals, SignalSet.Of(SignalNumber.SIGUSR1), out _));
    }

    [KvmFact]
    public void A_process_signal_wakes_a_thread_that_does_not_block_it()
    {
        (Process process, GuestThread[] threads) = Create(3);
        Handle(process, SignalNumber.SIGUSR1);
        threads[0].Signals.SetMask(SignalSet.Of(SignalNumber.SIGUSR1));
        threads[1].Signals.SetMask(SignalSet.Of(SignalNumber.SIGUSR1));
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.Equal((0, 0, 1), (threads[0].Vcpu.PendingWord, threads[1].Vcpu.PendingWord, threads[2].Vcpu.PendingWord));
        Assert.Equal((false, true), (threads[0].Signals.HasDeliverable, threads[2].Signals.HasDeliverable));
    }

    [KvmFact]
    public void A_thread_that_blocks_a_waiting_process_signal_hands_it_on()
    {
        (Process process, GuestThread[] threads) = Create(2);
        Handle(process, SignalNumber.SIGUSR1);
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.Equal((1, 0), (threads[0].Vcpu.PendingWord, threads[1].Vcpu.PendingWord));
        threads[0].Signals.SetMask(SignalSet.Of(SignalNumber.SIGUSR1));
        Assert.Equal(1, threads[1].Vcpu.PendingWord);
    }

    [KvmFact]
    public void An_ignored_signal_is_kept_only_while_blocked_and_forgotten_by_ignoring()
    {
        (Process process, GuestThread[] threads) = Create(1);
        ThreadSignals signals = threads[0].Signals;
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGCHLD });
        Assert.True(process.Signals.PendingFor(signals).IsEmpty);
        signals.SetMask(SignalSet.Of(SignalNumber.SIGCHLD) | SignalSet.Of(SignalNumber.SIGUSR2));
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGCHLD });
        signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR2 });
        Assert.Equal(SignalSet.Of(SignalNumber.SIGCHLD) | SignalSet.Of(SignalNumber.SIGUSR2), process.Signals.PendingFor(signals));
        process.Signals.SetAction(SignalNumber.SIGUSR2, new SignalAction { Handler = SignalAction.Ignore });
        Assert.Equal(SignalSet.Of(SignalNumber.SIGCHLD), process.Signals.PendingFor(signals));
    }

    [KvmFact]
    public void Stop_and_continue_forget_each_other()
    {
        (Process process, GuestThread[] threads) = Create(1);
        threads[0].Signals.SetMask(new SignalSet(ulong.MaxValue));
        Handle(process, SignalNumber.SIGTSTP);
        Handle(process, SignalNumber.SIGCONT);
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGTSTP });
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGCONT });
        Assert.Equal(SignalSet.Of(SignalNumber.SIGCONT), process.Signals.PendingFor(threads[0].Signals));
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGTSTP });
        Assert.Equal(SignalSet.Of(SignalNumber.SIGTSTP), process.Signals.PendingFor(threads[0].Signals));
    }

    [KvmFact]
    public void A_temporary_mask_is_in_force_at_once()
    {
        (Process process, GuestThread[] threads) = Create(1);
        ThreadSignals signals = threads[0].Signals;
        Handle(process, SignalNumber.SIGUSR1);
        signals.SetMask(SignalSet.Of(SignalNumber.SIGUSR1));
        signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.False(signals.HasDeliverable);
        signals.SetTemporaryMask(SignalSet.Unblockable.Bits);
        Assert.True(signals.HasDeliverable && signals.HasTemporaryMask);
        Assert.True(signals.Mask.IsEmpty);
        Assert.Equal(1, threads[0].Vcpu.PendingWord);
    }

    [KvmFact]
    public void A_reset_handler_serves_once()
    {
        (Process process, GuestThread[] threads) = Create(1);
        process.Signals.SetAction(SignalNumber.SIGUSR1, new SignalAction { Handler = Handler, Flags = SignalAction.ResetsItself });
        process.Signals.Send(new SignalInfo { Number = SignalNumber.SIGUSR1 });
        Assert.True(process.Signals.TryTakeDeliverable(threads[0].Signals, out _, out SignalAction action));
        Assert.Equal((Handler, SignalAction.Default), (action.Handler, process.Signals.GetAction(SignalNumber.SIGUSR1).Handler));
    }

    [KvmFact]
    public void No_queued_signal_is_lost_or_doubled_between_many_threads()
    {
        const int senders = 4, perSender = 2_000, receivers = 3;
        int seed = Environment.TickCount;
        (Process process, GuestThread[] threads) = Create(receivers);
        for (int signal = 34; signal <= SignalNumber.Highest; signal++)
            Handle(process, signal);
        int[] seen = new int[senders * perSender];
        int accepted = 0, sent = 0, received = 0;
        Thread[] hosts = new Thread[senders + receivers];
        for (int sender = 0; sender < senders; sender++)
        {
            int own = sender;
            hosts[sender] = new Thread(() =>
            {
                Random random = new(seed + own);
                for (int i = 0; i < perSender; i++)
                {
                    SignalInfo info = new() { Number = random.Next(34, 65), Code = SignalCode.Queue, Second = (ulong)(own * perSender + i) };
                    ThreadSignals? target = random.Next(2) == 0 ? null : threads[random.Next(receivers)].Signals;
                    while (process.Signals.TrySend(info, target) == Errno.EAGAIN)
                        Thread.Yield();
                    Interlocked.Increment(ref accepted);
                }
                Interlocked.Increment(ref sent);
            });
        }
        for (int receiver = 0; receiver < receivers; receiver++)
        {
            int own = receiver;
            hosts[senders + receiver] = new Thread(() =>
            {
                Random random = new(seed - own - 1);
                ThreadSignals signals = threads[own].Signals;
                while (true)
                {
                    bool finished = Volatile.Read(ref sent) == senders;
                    signals.SetMask(finished ? default : new SignalSet((ulong)random.NextInt64()));
                    int count = 0;
                    while (process.Signals.TryTakeDeliverable(signals, out SignalInfo info, out _))
                    {
                        Interlocked.Increment(ref seen[(int)info.Second]);
                        Interlocked.Increment(ref received);
                        count++;
                    }
                    if (finished && count == 0)
                        return;
                }
            });
        }
        foreach (Thread host in hosts)
            host.Start();
        foreach (Thread host in hosts)
            host.Join();
        Assert.Equal(senders * perSender, accepted);
        Assert.Equal(accepted, received);
        Assert.True(Array.TrueForAll(seen, count => count == 1), $"seed {seed}");
    }

    private static void Handle(Process process, int signal) =>
        process.Signals.SetAction(signal, new SignalAction { Handler = Handler, Flags = SignalAction.HasRestorer });

    private static (Process Process, GuestThread[] Threads) Create(int count)
    {
        Kernel kernel = new(new GuestMachine(1UL << 40), new KernelOptions());
        Process process = new(kernel);
        GuestThread[] threads = new GuestThread[count];
        for (int i = 0; i < count; i++)
        {
            threads[i] = new GuestThread(process, kernel.Machine.CreateVcpu(process.Memory.PageTables));
            process.AddThread(threads[i]);
        }
        return (process, threads);
    }
}

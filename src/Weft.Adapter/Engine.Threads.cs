using Weft.Adapter.Remote;

namespace Weft.Adapter;

internal sealed partial class Engine
{
    private QueuePair? _mail;
    private QueuePair? _wantsAlone;

    /// <summary>Whether no other polling thread works now: always, where there is no other.</summary>
    internal bool IsAlone { get; private set; }

    private bool HasMail => Volatile.Read(ref _mail) is not null;

    /// <summary>
    /// A queue pair is to be looked at in the next round. Any polling thread, and control calls under the gate: whoever
    /// isn't this thread leaves it in the mailbox. Ordering: what was changed before is seen by whoever takes the mail,
    /// since both ends exchange the mark.
    /// </summary>
    internal void Promote(QueuePair pair)
    {
        if (!_adapter.HasThreads || Thread.CurrentThread == _thread)
        {
            PromoteNow(pair);
            return;
        }
        if (Interlocked.Exchange(ref pair.IsMailed, 1) == 0)
        {
            QueuePair? first;
            do
                pair.NextMailed = first = Volatile.Read(ref _mail);
            while (Interlocked.CompareExchange(ref _mail, pair, first) != first);
        }
        Wake();
    }

    /// <summary>A queue pair whose current request wants no other thread to work: at the end of this round.</summary>
    internal void ServeAloneNext(QueuePair pair) => _wantsAlone ??= pair;

    private bool TakeMail()
    {
        QueuePair? pair = Interlocked.Exchange(ref _mail, null);
        while (pair is not null)
        {
            // Once the mark is off, it may be in the mailbox again.
            QueuePair? next = pair.NextMailed;
            pair.NextMailed = null;
            Interlocked.Exchange(ref pair.IsMailed, 0);
            PromoteNow(pair);
            pair = next;
        }
        return true;
    }

    /// <summary>As a control call does it: all threads are between two turns.</summary>
    private bool ServeAlone()
    {
        QueuePair pair = _wantsAlone!;
        _wantsAlone = null;
        _adapter.Gate.Leave(_lane);
        using (_adapter.Gate.Enter())
        {
            IsAlone = true;
            if (!pair.IsGone)
                Serve(pair);
            IsAlone = false;
        }
        _adapter.Gate.Take(_lane);
        _falling.Disturbed();
        return true;
    }

    /// <summary>A message from another host may take a type 2 window's binding back, where one is bound: then nobody else works.</summary>
    private bool TurnLinks(RemoteHosts hosts)
    {
        if (!_adapter.HasThreads || _adapter.BoundWindows == 0)
            return hosts.Turn(_requester.Now);
        _adapter.Gate.Leave(_lane);
        bool hasMoved;
        using (_adapter.Gate.Enter())
            hasMoved = hosts.Turn(_requester.Now);
        _adapter.Gate.Take(_lane);
        _falling.Disturbed();
        return hasMoved;
    }
}

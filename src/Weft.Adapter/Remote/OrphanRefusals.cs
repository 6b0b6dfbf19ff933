using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>Refusals of requests to queue pairs that are not there, when the link had no room for them. Bounded; what is too much is lost.</summary>
internal sealed class OrphanRefusals
{
    private const int Most = 1024;
    private readonly Queue<(LinkCore Link, RemoteHeader Header)> _waiting = new();

    /// <summary>Refuses a request: nobody answers there.</summary>
    internal void Add(LinkCore link, in RemoteHeader request)
    {
        if (_waiting.Count == Most)
            return;
        _waiting.Enqueue((link, new RemoteHeader
        {
            Kind = RemoteKind.Refuse,
            Operation = (byte)WorkStatus.RetriesExceeded,
            FromLid = request.ToLid,
            ToLid = request.FromLid,
            FromPair = request.ToPair,
            ToPair = request.FromPair,
            Number = request.Number,
        }));
        TrySend();
    }

    /// <summary>Sends what the links take. True when they took some.</summary>
    internal bool TrySend()
    {
        bool hasSent = false;
        while (_waiting.TryPeek(out var refusal)
            && refusal.Link.TryReserve(1, RemoteHeader.SizeBytes, out Span<byte> message) == SendResult.Reserved)
        {
            refusal.Header.Write(message);
            refusal.Link.Commit();
            _waiting.Dequeue();
            hasSent = true;
        }
        return hasSent;
    }

    /// <summary>A link's session is over.</summary>
    internal void Forget(LinkCore link)
    {
        for (int count = _waiting.Count; count > 0; count--)
        {
            var refusal = _waiting.Dequeue();
            if (refusal.Link != link)
                _waiting.Enqueue(refusal);
        }
    }
}

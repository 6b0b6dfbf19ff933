using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>
/// What a connected queue pair has under way to a peer on another host. Requests between the queue pair's send index and
/// that plus <see cref="InFlight"/> are sent; numbers go up by one a request, from a random one on, so that answers to an
/// earlier life of the queue pair don't fit.
/// </summary>
internal sealed class RemoteRequests(ushort lid, uint firstNumber)
{
    internal const int MostInFlight = 128, MostReads = 16;

    /// <summary>Where it sends.</summary>
    internal readonly ushort Lid = lid;
    internal readonly RemoteEntry[] Entries = new RemoteEntry[MostInFlight];

    /// <summary>Private copies of the slots of requests that answers are written for; made with the first one.</summary>
    internal readonly byte[]?[] KeptSlots = new byte[]?[MostReads];

    /// <summary>The link that what is in flight went by.</summary>
    internal LinkCore? Link;
    internal int InFlight;
    internal int Reads;

    /// <summary>The number of the request at the send index.</summary>
    internal uint FirstNumber = firstNumber;
    internal byte NextKept;
    internal bool IsAnswered;
    internal bool MustRestart;

    /// <summary>Whether nothing is to be sent before the queue pair's wake-up time.</summary>
    internal bool IsPaused;

    /// <summary>How the request behind those in flight ends, once they have; Success for not yet known.</summary>
    internal WorkStatus Failure;

    internal ref RemoteEntry EntryAt(uint index) => ref Entries[index % MostInFlight];

    /// <summary>Nothing is in flight any more; what was will not be answered.</summary>
    internal void Forget()
    {
        FirstNumber += (uint)InFlight;
        (InFlight, Reads, Link, IsPaused, Failure) = (0, 0, null, false, WorkStatus.Success);
    }
}

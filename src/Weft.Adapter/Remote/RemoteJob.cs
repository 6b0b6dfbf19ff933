namespace Weft.Adapter.Remote;

/// <summary>An answer with data that a queue pair owes: a READ's, piece by piece, or an atomic operation's result.</summary>
internal struct RemoteJob
{
    internal uint Number;
    internal bool IsAtomic;
    internal ulong Value;
    internal ulong Address;
    internal uint Key;
    internal uint TotalBytes;
    internal uint DoneBytes;
}

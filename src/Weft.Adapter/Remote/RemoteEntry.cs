namespace Weft.Adapter.Remote;

/// <summary>A request that was sent whole and not answered yet.</summary>
internal struct RemoteEntry
{
    internal byte ProviderOpcode;
    internal bool IsVisible;

    /// <summary>Whether an answer with data is to be written: its private slot is kept.</summary>
    internal bool HasAnswer;
    internal byte KeptSlot;
    internal uint LengthBytes;
}

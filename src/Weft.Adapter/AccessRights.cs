namespace Weft.Adapter;

/// <summary>enum ibv_access_flags.</summary>
[Flags]
internal enum AccessRights : uint
{
    None = 0,
    LocalWrite = 1,
    RemoteWrite = 2,
    RemoteRead = 4,
    RemoteAtomic = 8,
    WindowBind = 16,
    ZeroBased = 32,
    All = 63,

    /// <summary>Rights that libraries may ask for and that change nothing here: on-demand paging, huge pages, relaxed ordering.</summary>
    Hints = 1 << 6 | 1 << 7 | 1 << 20,
}

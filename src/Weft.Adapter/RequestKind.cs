namespace Weft.Adapter;

/// <summary>What a send request asks for, in the verbs' terms.</summary>
internal enum RequestKind : byte
{
    Send,
    SendImmediate,
    SendInvalidate,
    Write,
    WriteImmediate,
    Read,
    CompareSwap,
    FetchAdd,
    Bind,
    LocalInvalidate,
}

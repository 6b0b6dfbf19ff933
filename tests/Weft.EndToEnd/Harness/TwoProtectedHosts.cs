namespace Weft.EndToEnd.Harness;

/// <summary>Two hosts whose links are protected by certificates, made for the purpose.</summary>
public sealed class TwoProtectedHosts() : TwoHosts(areProtected: true);

namespace Weft.Host.Tests.Cluster;

/// <summary>A test that needs etcd; skipped with the reason where it is not installed.</summary>
internal sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute() => Skip = EtcdServer.Missing;
}

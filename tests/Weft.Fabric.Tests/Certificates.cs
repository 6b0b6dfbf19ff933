using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weft.Fabric.Tests;

/// <summary>An authority of a test's own and certificates that it signs, as PEM files in a directory.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly X509Certificate2 _authority;
    private readonly string _directory = Directory.CreateTempSubdirectory("weft-tls-").FullName;

    internal Certificates()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Weft test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-1), DateTimeOffset.Now.AddDays(1));
        File.WriteAllText(AuthorityPath, _authority.ExportCertificatePem());
    }

    internal string AuthorityPath => Path.Combine(_directory, "authority.pem");

    internal Security.MutualTls Issue(string name, string? authorityPath = null)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.Create(_authority, DateTimeOffset.Now.AddHours(-1), DateTimeOffset.Now.AddHours(1), [1, 2, (byte)name.Length]);
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path + ".pem", certificate.ExportCertificatePem());
        File.WriteAllText(path + ".key", key.ExportPkcs8PrivateKeyPem());
        return Security.MutualTls.FromFiles(path + ".pem", path + ".key", authorityPath ?? AuthorityPath);
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}

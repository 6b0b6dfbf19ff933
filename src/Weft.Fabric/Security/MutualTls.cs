using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weft.Fabric.Security;

/// <summary>
/// TLS 1.3 with certificates of both ends that one authority of the cluster's own has signed: links are encrypted and
/// authenticated to their last byte, on any network. A certificate says "member of the cluster", not which host.
/// </summary>
public sealed class MutualTls : LinkSecurity, IDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2 _authority;

    private MutualTls(X509Certificate2 certificate, X509Certificate2 authority) => (_certificate, _authority) = (certificate, authority);

    /// <summary>Reads PEM files.</summary>
    /// <param name="certificatePath">This host's certificate.</param>
    /// <param name="keyPath">Its private key, not encrypted.</param>
    /// <param name="authorityPath">The certificate of the authority that signs the members'; may be self-signed.</param>
    /// <exception cref="ArgumentException">A file can't be used; the message is one line for the user.</exception>
    public static MutualTls FromFiles(string certificatePath, string keyPath, string authorityPath)
    {
        try
        {
            return new MutualTls(
                X509Certificate2.CreateFromPemFile(certificatePath, keyPath), X509CertificateLoader.LoadCertificateFromFile(authorityPath));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"One of {certificatePath}, {keyPath} and {authorityPath} is no PEM file of its kind, or the key is not the certificate's.");
        }
    }

    /// <inheritdoc/>
    public override string? Refusal(IPAddress address) => null;

    /// <summary>Frees the certificates.</summary>
    public void Dispose()
    {
        _certificate.Dispose();
        _authority.Dispose();
    }

    internal override async Task<LinkConnection> ConnectAsync(Socket socket, Introduction introduction, CancellationToken cancel)
    {
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = "weft",
            ClientCertificates = [_certificate],
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = IsMember,
        };
        await AuthenticateAsync(stream.AuthenticateAsClientAsync(options, cancel)).ConfigureAwait(false);
        byte[] mine = new byte[Introduction.SizeBytes];
        introduction.Write(mine);
        await stream.WriteAsync(mine, cancel).ConfigureAwait(false);
        return TlsBridge.Start(stream, introduction.To);
    }

    internal override async Task<LinkConnection> AcceptAsync(Socket socket, ushort number, CancellationToken cancel)
    {
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificate = _certificate,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = IsMember,
        };
        await AuthenticateAsync(stream.AuthenticateAsServerAsync(options, cancel)).ConfigureAwait(false);
        byte[] theirs = new byte[Introduction.SizeBytes];
        await stream.ReadExactlyAsync(theirs, cancel).ConfigureAwait(false);
        return TlsBridge.Start(stream, Introduction.Read(theirs, number).From);
    }

    private static async Task AuthenticateAsync(Task handshake)
    {
        try
        {
            await handshake.ConfigureAwait(false);
        }
        catch (AuthenticationException)
        {
            throw new LinkRefusedException("a peer has no certificate of this cluster's authority");
        }
    }

    private bool IsMember(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 presented)
            return false;
        using X509Chain own = new();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.Add(_authority);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return own.Build(presented);
    }
}

using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Weft.Host.Cluster;

/// <summary>This host's addresses, by which programs on other hosts may call for its VMs.</summary>
internal static class HostInterfaces
{
    /// <summary>All but those that mean another host elsewhere: loopback and link-local ones. Empty where the host does not tell.</summary>
    internal static IReadOnlyList<IPAddress> Addresses()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(each => each.GetIPProperties().UnicastAddresses)
                .Select(each => each.Address)
                .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal
                    && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
    }
}

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace FilterProxy.Core.Components;

/// <summary>What a plugin's assembly says of itself, read without loading it.</summary>
/// <param name="Version">Its version as its author wrote it, without the commit a build may add.</param>
/// <param name="Contract">The version of the contract it was built for; null when it does not reference the contract.</param>
/// <param name="Runtime">The version of .NET it was built for; null when it does not say.</param>
internal sealed record PluginManifest(string Version, Version? Contract, Version? Runtime)
{
    private const string InformationalVersion = "AssemblyInformationalVersionAttribute";

    /// <summary>The contract this host offers.</summary>
    public static Version HostContract { get; } = typeof(IHttpFilter).Assembly.GetName().Version!;

    /// <exception cref="BadImageFormatException">It is no assembly.</exception>
    public static PluginManifest Read(byte[] image)
    {
        using var file = new PEReader(new MemoryStream(image, writable: false));
        if (!file.HasMetadata)
        {
            throw new BadImageFormatException("it is no .NET assembly");
        }

        var metadata = file.GetMetadataReader();
        if (!metadata.IsAssembly)
        {
            throw new BadImageFormatException("it is no .NET assembly");
        }

        return new PluginManifest(
            VersionOf(metadata), ReferenceOf(metadata, typeof(IHttpFilter).Assembly.GetName().Name!), ReferenceOf(metadata, "System.Runtime"));
    }

    /// <summary>Why this host cannot run it, and what to do about it; null when it can.</summary>
    public string? Refusal()
    {
        var host = HostContract;
        if (Contract is null)
        {
            return "does not reference FilterProxy.Abstractions: it holds no component";
        }

        // Additions come with a minor version: a plugin may be older than the host, not newer.
        if (Contract.Major != host.Major || Contract.Minor > host.Minor)
        {
            return $"needs contract {Contract.Major}.{Contract.Minor}, this host offers {host.Major}.{host.Minor}: "
                + (Contract.Major < host.Major ? "rebuild the plugin" : "update the host");
        }

        return Runtime is { } built && built.Major > Environment.Version.Major
            ? $"is built for .NET {built.Major}, this host runs on .NET {Environment.Version.Major}: build the plugin for net{Environment.Version.Major}.0, or update the host"
            : null;
    }

    private static string VersionOf(MetadataReader metadata)
    {
        foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            if (attribute.Constructor.Kind == HandleKind.MemberReference
                && metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
                && metadata.StringComparer.Equals(metadata.GetTypeReference((TypeReferenceHandle)parent).Name, InformationalVersion))
            {
                // ECMA-335 II.23.3: a prolog of two bytes, then the one string.
                var value = metadata.GetBlobReader(attribute.Value);
                value.ReadUInt16();
                return value.ReadSerializedString()?.Split('+')[0] ?? "";
            }
        }

        return metadata.GetAssemblyDefinition().Version.ToString(3);
    }

    private static Version? ReferenceOf(MetadataReader metadata, string assembly)
    {
        foreach (var handle in metadata.AssemblyReferences)
        {
            var reference = metadata.GetAssemblyReference(handle);
            if (metadata.StringComparer.Equals(reference.Name, assembly))
            {
                return reference.Version;
            }
        }

        return null;
    }
}

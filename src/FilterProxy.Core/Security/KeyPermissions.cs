namespace FilterProxy.Core.Security;

/// <summary>What happens when others than its owner may read a private key.</summary>
internal enum KeyPermissionRule
{
    /// <summary>The log says so.</summary>
    Warn,

    /// <summary>The configuration is refused.</summary>
    Error,

    /// <summary>Nothing.</summary>
    Ignore,
}

/// <summary>Looks at who may read a private key.</summary>
internal static class KeyPermissions
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public static void Check(string path, KeyPermissionRule rule, ComponentContext context)
    {
        if (rule == KeyPermissionRule.Ignore || OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return;
        }

        // Of the file behind a symbolic link: the link's own mode says nothing.
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var mode = File.GetUnixFileMode(target);
        if ((mode & Others) == 0)
        {
            return;
        }

        var octal = Convert.ToString((int)mode, 8);
        if (rule == KeyPermissionRule.Error)
        {
            throw new UnauthorizedAccessException($"the private key {path} may be read or written by others than its owner (mode {octal}): chmod 600 {path}");
        }

        SecurityLog.KeyIsReadable(context.Logger, path, octal);
    }
}

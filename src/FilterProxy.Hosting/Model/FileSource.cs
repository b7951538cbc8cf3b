using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Hosting.Model;

/// <summary>A configuration file.</summary>
internal sealed class FileSource(string path) : ConfigSource
{
    public string PathFrom(string folder) => Path.GetFullPath(path, folder);

    public override ConfigMapping? Read(string folder, ConfigSources sources, ConfigErrors errors) => ConfigLoader.ReadTree(PathFrom(folder), sources, errors);
}

namespace FilterProxy.Core.Config;

/// <summary>On a nullable text: the word <c>off</c> means none.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OffIsNullAttribute : Attribute;

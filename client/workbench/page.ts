// The page of `npm start`: a VS Code workbench with this extension in its web extension host and the opened folder.

import { initialize, LogLevel } from '@codingame/monaco-vscode-api';
import { ExtensionHostKind, registerExtension, type IExtensionManifest } from '@codingame/monaco-vscode-api/extensions';
import { URI } from '@codingame/monaco-vscode-api/vscode/vs/base/common/uri';
import getConfigurationService from '@codingame/monaco-vscode-configuration-service-override';
import getDialogsService from '@codingame/monaco-vscode-dialogs-service-override';
import getEnvironmentService from '@codingame/monaco-vscode-environment-service-override';
import getExplorerService from '@codingame/monaco-vscode-explorer-service-override';
import '@codingame/monaco-vscode-extension-api/localExtensionHost';
import getExtensionsService from '@codingame/monaco-vscode-extensions-service-override';
import { createIndexedDBProviders, registerCustomProvider } from '@codingame/monaco-vscode-files-service-override';
import '@codingame/monaco-vscode-json-default-extension';
import getKeybindingsService from '@codingame/monaco-vscode-keybindings-service-override';
import getLanguagesService from '@codingame/monaco-vscode-languages-service-override';
import getLifecycleService from '@codingame/monaco-vscode-lifecycle-service-override';
import '@codingame/monaco-vscode-markdown-basics-default-extension';
import '@codingame/monaco-vscode-markdown-language-features-default-extension';
import getMarkersService from '@codingame/monaco-vscode-markers-service-override';
import getModelService from '@codingame/monaco-vscode-model-service-override';
import getNotificationsService from '@codingame/monaco-vscode-notifications-service-override';
import getOutlineService from '@codingame/monaco-vscode-outline-service-override';
import getPreferencesService from '@codingame/monaco-vscode-preferences-service-override';
import getQuickAccessService from '@codingame/monaco-vscode-quickaccess-service-override';
import '@codingame/monaco-vscode-references-view-default-extension';
import getSearchService from '@codingame/monaco-vscode-search-service-override';
import getStorageService from '@codingame/monaco-vscode-storage-service-override';
import getTestingService from '@codingame/monaco-vscode-testing-service-override';
import getTextmateService from '@codingame/monaco-vscode-textmate-service-override';
import '@codingame/monaco-vscode-theme-defaults-default-extension';
import getThemeService from '@codingame/monaco-vscode-theme-service-override';
import '@codingame/monaco-vscode-theme-seti-default-extension';
import getStatusBarService from '@codingame/monaco-vscode-view-status-bar-service-override';
import getTitleBarService from '@codingame/monaco-vscode-view-title-bar-service-override';
import getWorkbenchService from '@codingame/monaco-vscode-workbench-service-override';
import { FolderFileSystem } from './files';
import type { PageConfiguration } from './protocol';

const configuration = JSON.parse(element('configuration').textContent) as PageConfiguration;

const workers: Record<string, string> = {
  editorWorkerService: 'editor-worker.js',
  extensionHostWorkerMain: 'extension-host-worker.js',
  TextMateWorker: 'textmate-worker.js',
};

/** What a person would set in VS Code to be left alone with the files. */
const settings = {
  'window.autoDetectColorScheme': true,
  'workbench.preferredDarkColorTheme': 'Dark Modern',
  'workbench.preferredLightColorTheme': 'Light Modern',
  'workbench.iconTheme': 'vs-seti',
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.layoutControl.enabled': false,
  'chat.disableAIFeatures': true,
  'files.autoSave': 'off',
  'window.title': '${dirty}${activeEditorShort}${separator}${rootName}${separator}nn',
};

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorkerUrl: (_moduleId: string, label: string) => workers[label] && new URL(workers[label], document.baseURI).href,
    getWorkerOptions: () => ({ type: 'module' }),
  },
});

// Settings, layout and open editors live in the browser, so that a reload comes back to them.
await createIndexedDBProviders();
registerCustomProvider('file', new FolderFileSystem(configuration));

const manifest = await (await fetch('/extension/package.json')).json() as IExtensionManifest;
const { registerFileUrl } = registerExtension(manifest, ExtensionHostKind.LocalWebWorker);
for (const file of configuration.extensionFiles) registerFileUrl(`/${file}`, new URL(`/extension/${file}`, document.baseURI).href);

await initialize(
  {
    ...getConfigurationService(),
    ...getDialogsService(),
    ...getEnvironmentService(),
    ...getExplorerService(),
    ...getExtensionsService({ enableWorkerExtensionHost: true }),
    ...getKeybindingsService(),
    ...getLanguagesService(),
    ...getLifecycleService(),
    ...getMarkersService(),
    ...getModelService(),
    ...getNotificationsService(),
    ...getOutlineService(),
    ...getPreferencesService(),
    ...getQuickAccessService({ isKeybindingConfigurationVisible: () => true, shouldUseGlobalPicker: () => true }),
    ...getSearchService(),
    ...getStorageService({ fallbackOverride: { 'workbench.activity.showAccounts': false } }),
    ...getTestingService(),
    ...getTextmateService(),
    ...getThemeService(),
    ...getStatusBarService(),
    ...getTitleBarService(),
    ...getWorkbenchService(),
  },
  element('workbench'),
  {
    workspaceProvider: {
      trusted: true,
      workspace: { folderUri: URI.file(configuration.folder) },
      open: () => Promise.resolve(false),
    },
    configurationDefaults: settings,
    enableWorkspaceTrust: false,
    developmentOptions: { logLevel: LogLevel.Warning },
    productConfiguration: { nameShort: 'nn', nameLong: 'nn workbench' },
  },
  { userHome: URI.file('/') },
);

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}

import { type PipelineConfig, pipelineConfigFromText } from '../../easyrec/config/load.js';

/** A config of two features, a label and what a test adds: text of further fields of the pipeline. */
export function pipelineOf(text: string, dataFields = ''): PipelineConfig {
  return pipelineConfigFromText(
    `data_config {
      input_type: CSVInput label_fields: "click" batch_size: 4 ${dataFields}
      input_fields { input_name: "click" input_type: FLOAT }
      input_fields { input_name: "user" input_type: INT64 }
      input_fields { input_name: "item" input_type: STRING }
      input_fields { input_name: "session" input_type: STRING }
      input_fields { input_name: "weight" input_type: FLOAT }
      input_fields { input_name: "spare" input_type: STRING }
    }
    feature_config { features { input_names: "item" feature_type: IdFeature hash_bucket_size: 9 embedding_dim: 2 } }
    ${text}`,
    'a.config',
  );
}
